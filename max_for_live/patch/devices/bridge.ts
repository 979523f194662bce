/** Magenta Bridge: the MIDI effect that generates, continues and jams. */

import { addCaption, addFace, addPanel, addStore } from "../control_boxes.ts";
import { type Control, control, controlsOf } from "../controls.ts";
import type { DevicePlan, Script } from "../device.ts";
import type { Placed } from "../parameters.ts";
import { type Box, Patch } from "../patcher.ts";
import { addCode, addDrawing, addStores, listenTo, speakTo } from "../wiring.ts";
import { CAPTIONS, HEIGHT, LOOKS, PANELS, ROLL, WIDTH } from "./bridge_layout.ts";

/** Outlets of the script. */
const OUT = { ui: 0, node: 1, roll: 2, music: 3, patcher: 4, misc: 5 } as const;
const OUTLETS = Object.keys(OUT).length;

export interface BridgeScripts {
  /** The half in v8, inlined in the patch. */
  live: Script;
  /** The drawing of the piano roll, inlined in the patch. */
  roll: Script;
  /** The half in Node: a file. */
  node: Script;
}

export function bridge(scripts: BridgeScripts): DevicePlan {
  const patch = new Patch();
  const placed = addFaces(patch, scripts.roll.source);
  patch.begin("Script");
  const later = patch.object("deferlow");
  const code = addCode(patch, scripts.live.source, 1, OUTLETS);
  patch.chain(later, code);
  addBeginning(patch, later);
  addNode(patch, scripts.node.name, code, later);
  const silence = addMusic(patch, code, later);
  addEnd(patch, silence, code);
  addControls(patch, placed, code, later);
  addDialogs(patch, code, later);
  const rollBox = placed.find(([row]) => row.id === "roll")?.[1] as Box;
  return {
    name: "Magenta Bridge",
    type: "mmmm",
    patch,
    placed,
    banks: [{ name: "Bridge", controls: BANK.map(control) }],
    width: WIDTH,
    height: HEIGHT,
    codes: [
      { ...scripts.live, box: code },
      { ...scripts.roll, box: rollBox },
    ],
    files: [scripts.node],
  };
}

/** The seed is not among them: the device itself turns it, and each turn would be a step of undo. */
const BANK = ["variations", "bars", "temperature", "new_seed", "follow_scale", "jam", "jam_bars"];

function addFaces(patch: Patch, roll: string): Placed[] {
  patch.begin("Look");
  for (const rect of PANELS) {
    addPanel(patch, rect);
  }
  for (const [words, look] of CAPTIONS) {
    addCaption(patch, words, look);
  }
  return controlsOf("bridge").map((row): Placed => [row, addBox(patch, row, roll)]);
}

function addBox(patch: Patch, row: Control, roll: string): Box {
  if (row.kind === "blob") {
    return addStore(patch, row);
  }
  if (row.kind === "roll") {
    return addDrawing(patch, row, roll, ROLL);
  }
  const look = LOOKS[row.id];
  if (!look) {
    throw new Error(`bridge_layout.ts: the control "${row.id}" has no place.`);
  }
  return addFace(patch, row, look);
}

/** Live's object model answers only after live.thisdevice has spoken. */
function addBeginning(patch: Patch, later: Box): void {
  patch.begin("Beginning");
  const device = patch.object("live.thisdevice");
  patch.chain(device, patch.message("live_ready"), later);
  const enabled = patch.object("prepend enabled");
  patch.cord(device, 1, enabled);
  patch.cord(enabled, 0, later);
}

function addNode(patch: Patch, file: string, code: Box, later: Box): void {
  patch.begin("Node");
  const node = patch.object(`node.script ${file} @autostart 1`, {
    saved_object_attributes: { autostart: 1, defer: 1, watch: 0 },
    textfile: { filename: file, flags: 0, embed: 0, autowatch: 0 },
  });
  patch.cord(code, OUT.node, node);
  patch.chain(node, patch.object("prepend node"), later);
  const status = patch.object("prepend node_status");
  patch.cord(node, 1, status);
  patch.cord(status, 0, later);
}

/** What is played passes through; what the script plays ends with the device. Answers with the box that silences. */
function addMusic(patch: Patch, code: Box, later: Box): Box {
  patch.begin("MIDI in");
  const split = patch.object("t i i");
  const parse = patch.object("midiparse");
  patch.chain(patch.object("midiin"), split);
  patch.chain(parse, patch.object("prepend note_in"), later);
  patch.begin("MIDI out");
  const route = patch.object("route note silence");
  const pipe = patch.object("pipe 0 0 0 0");
  const make = patch.object("makenote 100 250");
  const pack = patch.object("pack 0 0");
  const flush = patch.object("midiflush");
  const out = patch.object("midiout");
  patch.cord(split, 1, out);
  patch.cord(split, 0, parse);
  patch.cord(code, OUT.music, route);
  patch.cord(route, 0, pipe);
  for (const port of [2, 1, 0]) {
    patch.cord(pipe, port, make, port);
  }
  patch.cord(make, 1, pack, 1);
  patch.cord(make, 0, pack, 0);
  patch.chain(pack, patch.object("midiformat"), flush, out);
  const silence = addSilence(patch, pipe, make, flush);
  patch.cord(route, 1, silence);
  return silence;
}

/** First nothing new begins, then no end is waited for, then everything that sounds is ended. */
function addSilence(patch: Patch, pipe: Box, make: Box, flush: Box): Box {
  const order = patch.object("t b b b");
  const [forgetPending, forgetEnds] = [patch.message("clear"), patch.message("clear")];
  patch.cord(order, 2, forgetPending);
  patch.cord(forgetPending, 0, pipe);
  patch.cord(order, 1, forgetEnds);
  patch.cord(forgetEnds, 0, make);
  patch.cord(order, 0, flush);
  return order;
}

/** Not deferred: when it comes, the device is about to be gone. */
function addEnd(patch: Patch, silence: Box, code: Box): void {
  patch.begin("End");
  const order = patch.object("t b b");
  patch.chain(patch.object("closebang"), order);
  patch.chain(patch.object("freebang"), order);
  const closing = patch.message("closing");
  patch.cord(order, 1, closing);
  patch.cord(closing, 0, code);
  patch.cord(order, 0, silence);
}

function addControls(patch: Patch, placed: Placed[], code: Box, later: Box): void {
  patch.begin("From the controls");
  listenTo(patch, placed, later);
  const roll = placed.find(([row]) => row.id === "roll")?.[1] as Box;
  patch.chain(roll, patch.message("roll_clicked"), later);
  patch.cord(code, OUT.roll, roll);
  patch.begin("Saved with the Set");
  const stores = addStores(patch, placed, later);
  patch.begin("To the controls");
  speakTo(patch, placed, { box: code, outlet: OUT.ui }, stores);
}

function addDialogs(patch: Patch, code: Box, later: Box): void {
  patch.begin("Shown and hidden");
  const hidden = patch.object("route hidden");
  patch.cord(code, OUT.patcher, hidden);
  patch.chain(hidden, patch.message("script sendbox $1 hidden $2"), patch.object("thispatcher"));
  patch.begin("Dialogs");
  const choose = patch.object("route choose_program");
  patch.cord(code, OUT.misc, choose);
  patch.chain(choose, patch.object("opendialog"), patch.object("prepend picked"), later);
}
