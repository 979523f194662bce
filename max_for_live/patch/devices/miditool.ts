/** The two MIDI Tools, Generator and Transformation: one script, answering within the call. */

import type { DeviceType } from "../container.ts";
import { addCaption, addFace, addPanel, addStore, type Look } from "../control_boxes.ts";
import { type Control, controlsOf } from "../controls.ts";
import type { DevicePlan, Script } from "../device.ts";
import type { Placed } from "../parameters.ts";
import { type Box, Patch } from "../patcher.ts";
import { addCode, addStores, listenTo, speakTo } from "../wiring.ts";
import { TOOL_HEIGHT, TOOL_LOOKS, TOOL_PANELS, TOOL_WIDTH } from "./tool_layout.ts";

/** Outlets of the script. */
const OUT = { notes: 0, trigger: 1, ui: 2 } as const;
/** Notes and controls come to the left inlet, the context to the right one. */
const INLETS = 2;

export interface Tool {
  device: "generator" | "transformation";
  name: string;
  type: DeviceType;
  /** Places of the controls that the other tool has elsewhere, or not at all. */
  looks: Record<string, Look>;
  captions: [string, Look][];
}

export function miditool(tool: Tool, script: Script): DevicePlan {
  const patch = new Patch();
  const placed = addFaces(patch, tool);
  patch.begin("Script");
  const code = addCode(patch, script.source, INLETS, Object.keys(OUT).length);
  addLive(patch, code);
  patch.begin("From the controls");
  listenTo(patch, placed, code);
  patch.begin("Saved with the Set");
  const stores = addStores(patch, placed, code);
  patch.begin("To the controls");
  speakTo(patch, placed, { box: code, outlet: OUT.ui }, stores);
  return {
    name: tool.name,
    type: tool.type,
    patch,
    placed,
    banks: [],
    width: TOOL_WIDTH,
    height: TOOL_HEIGHT,
    codes: [{ ...script, box: code }],
    files: [],
  };
}

function addFaces(patch: Patch, tool: Tool): Placed[] {
  patch.begin("Look");
  for (const rect of TOOL_PANELS) {
    addPanel(patch, rect);
  }
  for (const [words, look] of tool.captions) {
    addCaption(patch, words, look);
  }
  return controlsOf(tool.device).map((row): Placed => [row, addBox(patch, row, tool)]);
}

function addBox(patch: Patch, row: Control, tool: Tool): Box {
  if (row.kind === "blob") {
    return addStore(patch, row);
  }
  const look = tool.looks[row.id] ?? TOOL_LOOKS[row.id];
  if (!look) {
    throw new Error(`${tool.name}: the control "${row.id}" has no place.`);
  }
  return addFace(patch, row, look);
}

/** Live wants the notes back before the call that brought them returns, so nothing is deferred here. */
function addLive(patch: Patch, code: Box): void {
  patch.begin("Live");
  const notesIn = patch.object("live.miditool.in");
  const again = patch.object("t b");
  patch.cord(notesIn, 0, code, 0);
  patch.cord(notesIn, 1, code, 1);
  patch.cord(code, OUT.notes, patch.object("live.miditool.out"));
  patch.cord(code, OUT.trigger, again);
  patch.cord(again, 0, notesIn);
  patch.begin("Beginning and end");
  patch.chain(patch.object("live.thisdevice"), patch.message("live_ready"), code);
  const closing = patch.message("closing");
  patch.chain(patch.object("closebang"), closing, code);
  patch.chain(patch.object("freebang"), closing);
}
