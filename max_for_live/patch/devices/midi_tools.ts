/** The MIDI Tools Generator and Transformation: one script that responds within Live's call. */

import type { DeviceType } from "../container.ts";
import { addControls, type DeviceLayout } from "../control_boxes.ts";
import type { DevicePlan, Script } from "../device.ts";
import { type Box, Patch, type Rect } from "../patcher.ts";
import { addCode, addStores, connectControls, connectUpdates } from "../wiring.ts";

const OUT = { notes: 0, trigger: 1, ui: 2 } as const;
/** Notes and controls arrive at the left inlet, the context at the right one. */
const INLETS = 2;

/** Live shows a MIDI Tool with 152 by 147 pixels. */
const [WIDTH, HEIGHT] = [152, 147];
const EDGE = 4;
const INNER = WIDTH - 2 * EDGE;
const DIALS = 24;
const STATUS: Rect = [EDGE, 115, INNER, 28];
/** Left edges of three columns. */
const COLUMNS = [EDGE, EDGE + 50, EDGE + 100] as const;
/** Controls that both tools have at the same positions. */
const SHARED: DeviceLayout["controls"] = {
  generator: { rect: [EDGE, EDGE, INNER, 16] },
  bars: { rect: [COLUMNS[0], DIALS, 44, 48] },
  temperature: { rect: [COLUMNS[1], DIALS, 44, 48] },
  status: { rect: [EDGE + 4, STATUS[1] + 1, INNER - 8, 26], background: "panel" },
};

interface Tool extends Omit<DeviceLayout, "panels"> {
  device: "generator" | "transformation";
  name: string;
  type: DeviceType;
}

const GENERATOR: Tool = {
  device: "generator",
  name: "Magenta Bridge Generator",
  type: "nagg",
  captions: [["Seed", { rect: [COLUMNS[2], DIALS, 44, 13], align: "center" }]],
  controls: {
    seed: { rect: [COLUMNS[2], DIALS + 13, 44, 15] },
    random_seed: { rect: [COLUMNS[2], DIALS + 32, 44, 15] },
    choice: { rect: [EDGE, 84, 70, 20] },
    fetch: { rect: [EDGE + 74, 84, 70, 20] },
  },
};

const TRANSFORMATION: Tool = {
  device: "transformation",
  name: "Magenta Bridge Transformation",
  type: "natt",
  captions: [["Seed", { rect: [EDGE, 76, 26, 15] }]],
  controls: {
    amount: { rect: [COLUMNS[2], DIALS, 44, 48] },
    seed: { rect: [EDGE + 27, 76, 39, 15] },
    random_seed: { rect: [EDGE + 70, 76, 30, 15] },
    choice: { rect: [EDGE + 104, 76, 40, 15] },
    mode: { rect: [EDGE, 95, 76, 16] },
    fetch: { rect: [EDGE + 80, 95, 64, 16] },
  },
};

/** Return the MIDI Tool that adds notes to the open clip. */
export function generator(script: Script): DevicePlan {
  return midiTool(GENERATOR, script);
}

/** Return the MIDI Tool that continues or replaces notes of the open clip. */
export function transformation(script: Script): DevicePlan {
  return midiTool(TRANSFORMATION, script);
}

function midiTool({ device, name, type, captions, controls }: Tool, script: Script): DevicePlan {
  const patch = new Patch();
  const layout = { panels: [STATUS], captions, controls: { ...SHARED, ...controls } };
  const placed = addControls(patch, device, layout);
  patch.beginSection("Script");
  const code = addCode(patch, script.source, INLETS, Object.keys(OUT).length);
  addLive(patch, code);
  patch.beginSection("From the controls");
  connectControls(patch, placed, code);
  patch.beginSection("Saved with the Set");
  const stores = addStores(patch, placed, code);
  patch.beginSection("To the controls");
  connectUpdates(patch, placed, { box: code, outlet: OUT.ui }, stores);
  const codes = [{ ...script, box: code }];
  return { name, type, patch, placed, banks: [], width: WIDTH, height: HEIGHT, codes, files: [] };
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
