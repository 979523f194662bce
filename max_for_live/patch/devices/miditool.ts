/** The MIDI Tools Generator and Transformation: one script that responds within Live's call. */

import type { DeviceType } from "../container.ts";
import { addControls, type BoxLayout } from "../control_boxes.ts";
import type { DevicePlan, Script } from "../device.ts";
import { type Box, Patch } from "../patcher.ts";
import { addCode, addStores, connectControls, connectUpdates } from "../wiring.ts";
import { TOOL_HEIGHT, TOOL_LAYOUT, TOOL_PANELS, TOOL_WIDTH } from "./tool_layout.ts";

const OUT = { notes: 0, trigger: 1, ui: 2 } as const;
/** Notes and controls arrive at the left inlet, the context at the right one. */
const INLETS = 2;

export interface Tool {
  device: "generator" | "transformation";
  name: string;
  type: DeviceType;
  /** Positions of controls that differ between the tools. */
  layout: Record<string, BoxLayout>;
  captions: [string, BoxLayout][];
}

export function miditool(tool: Tool, script: Script): DevicePlan {
  const patch = new Patch();
  const placed = addControls(patch, tool.device, {
    panels: TOOL_PANELS,
    captions: tool.captions,
    controls: { ...TOOL_LAYOUT, ...tool.layout },
  });
  patch.beginSection("Script");
  const code = addCode(patch, script.source, INLETS, Object.keys(OUT).length);
  addLive(patch, code);
  patch.beginSection("From the controls");
  connectControls(patch, placed, code);
  patch.beginSection("Saved with the Set");
  const stores = addStores(patch, placed, code);
  patch.beginSection("To the controls");
  connectUpdates(patch, placed, { box: code, outlet: OUT.ui }, stores);
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

/** Live expects the notes before its call returns, so nothing is deferred. */
function addLive(patch: Patch, code: Box): void {
  patch.beginSection("Live");
  const notesIn = patch.object("live.miditool.in");
  const again = patch.object("t b");
  patch.cord(notesIn, 0, code, 0);
  patch.cord(notesIn, 1, code, 1);
  patch.cord(code, OUT.notes, patch.object("live.miditool.out"));
  patch.cord(code, OUT.trigger, again);
  patch.cord(again, 0, notesIn);
  patch.beginSection("Loading and closing");
  patch.chain(patch.object("live.thisdevice"), patch.message("live_ready"), code);
  const closing = patch.message("closing");
  patch.chain(patch.object("closebang"), closing, code);
  patch.chain(patch.object("freebang"), closing);
}
