/** Magenta Bridge: the MIDI effect that generates, continues and jams. */

import { addControls } from "../control_boxes.ts";
import { control } from "../controls.ts";
import type { DevicePlan, Script } from "../device.ts";
import type { Placed } from "../parameters.ts";
import { type Box, Patch } from "../patcher.ts";
import { addCode, addDrawing, addStores, connectControls, connectUpdates } from "../wiring.ts";
import { HEIGHT, LAYOUT, ROLL, WIDTH } from "./bridge_layout.ts";

const OUT = { ui: 0, node: 1, roll: 2, music: 3, patcher: 4, misc: 5 } as const;
const OUTLETS = Object.keys(OUT).length;

export interface BridgeScripts {
  live: Script;
  roll: Script;
  node: Script;
}

export function bridge(scripts: BridgeScripts): DevicePlan {
  const patch = new Patch();
  const placed = addControls(patch, "bridge", LAYOUT, (row) =>
    addDrawing(patch, row, scripts.roll.source, ROLL),
  );
  patch.beginSection("Script");
  const deferred = patch.object("deferlow");
  const code = addCode(patch, scripts.live.source, 1, OUTLETS);
  patch.chain(deferred, code);
  addLoading(patch, deferred);
  addNode(patch, scripts.node.name, code, deferred);
  const silence = addMusic(patch, code, deferred);
  addClosing(patch, silence, code);
  connect(patch, placed, code, deferred);
  addDialogs(patch, code, deferred);
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

/** Without the seed: the device sets it, and each change would be an undo step. */
const BANK = ["variations", "bars", "temperature", "new_seed", "follow_scale", "jam", "jam_bars"];

/** Live's API is available only after the bang of live.thisdevice. */
function addLoading(patch: Patch, deferred: Box): void {
  patch.beginSection("Loading");
  const device = patch.object("live.thisdevice");
  patch.chain(device, patch.message("live_ready"), deferred);
  const enabled = patch.object("prepend enabled");
  patch.cord(device, 1, enabled);
  patch.cord(enabled, 0, deferred);
}

function addNode(patch: Patch, file: string, code: Box, deferred: Box): void {
  patch.beginSection("Node");
  const node = patch.object(`node.script ${file} @autostart 1`, {
    saved_object_attributes: { autostart: 1, defer: 1, watch: 0 },
    textfile: { filename: file, flags: 0, embed: 0, autowatch: 0 },
  });
  patch.cord(code, OUT.node, node);
  patch.chain(node, patch.object("prepend node"), deferred);
  const status = patch.object("prepend node_status");
  patch.cord(node, 1, status);
  patch.cord(status, 0, deferred);
}

/** Pass MIDI through, and play the script's notes; return the box that silences them. */
function addMusic(patch: Patch, code: Box, deferred: Box): Box {
  patch.beginSection("MIDI in");
  const split = patch.object("t i i");
  const parse = patch.object("midiparse");
  patch.chain(patch.object("midiin"), split);
  patch.chain(parse, patch.object("prepend note_in"), deferred);
  patch.beginSection("MIDI out");
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
  for (const port of [2, 1, 0]) patch.cord(pipe, port, make, port);
  patch.cord(make, 1, pack, 1);
  patch.cord(make, 0, pack, 0);
  patch.chain(pack, patch.object("midiformat"), flush, out);
  const silence = addSilence(patch, pipe, make, flush);
  patch.cord(route, 1, silence);
  return silence;
}

/** Cancel scheduled notes, then pending note-offs, then end all sounding notes. */
function addSilence(patch: Patch, pipe: Box, make: Box, flush: Box): Box {
  const order = patch.object("t b b b");
  const [cancelPending, cancelEnds] = [patch.message("clear"), patch.message("clear")];
  patch.cord(order, 2, cancelPending);
  patch.cord(cancelPending, 0, pipe);
  patch.cord(order, 1, cancelEnds);
  patch.cord(cancelEnds, 0, make);
  patch.cord(order, 0, flush);
  return order;
}

/** Not deferred: the device is about to be removed. */
function addClosing(patch: Patch, silence: Box, code: Box): void {
  patch.beginSection("Closing");
  const order = patch.object("t b b");
  patch.chain(patch.object("closebang"), order);
  patch.chain(patch.object("freebang"), order);
  const closing = patch.message("closing");
  patch.cord(order, 1, closing);
  patch.cord(closing, 0, code);
  patch.cord(order, 0, silence);
}

function connect(patch: Patch, placed: Placed[], code: Box, deferred: Box): void {
  patch.beginSection("From the controls");
  connectControls(patch, placed, deferred);
  const roll = placed.find(([row]) => row.id === "roll")?.[1] as Box;
  patch.chain(roll, patch.message("roll_clicked"), deferred);
  patch.cord(code, OUT.roll, roll);
  patch.beginSection("Saved with the Set");
  const stores = addStores(patch, placed, deferred);
  patch.beginSection("To the controls");
  connectUpdates(patch, placed, { box: code, outlet: OUT.ui }, stores);
}

function addDialogs(patch: Patch, code: Box, deferred: Box): void {
  patch.beginSection("Shown and hidden");
  const hidden = patch.object("route hidden");
  patch.cord(code, OUT.patcher, hidden);
  patch.chain(hidden, patch.message("script sendbox $1 hidden $2"), patch.object("thispatcher"));
  patch.beginSection("Dialogs");
  const choose = patch.object("route choose_program");
  patch.cord(code, OUT.misc, choose);
  patch.chain(choose, patch.object("opendialog"), patch.object("prepend picked"), deferred);
}
