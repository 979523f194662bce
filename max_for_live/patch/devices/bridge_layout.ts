/** Layout of Magenta Bridge, in pixels of Live's device view. */

import { BOXES } from "../../core/generation/arguments.ts";
import type { BoxLayout, DeviceLayout } from "../control_boxes.ts";
import { CONTROLS } from "../controls.ts";
import type { Rect } from "../patcher.ts";

export const WIDTH = 640;
/** Maximum height of a device in Live. */
export const HEIGHT = 169;

const EDGE = 4;
const GAP = 4;

/** Left edges and widths of the columns. */
const TOOLS = { left: EDGE, width: 76 };
const MUSIC = { left: 88, width: 208 };
const SETTINGS = { left: 304, width: 108 };
const NOTES = { left: 420, width: 216 };

const ROW = 16;
const BUTTON = 20;
/** Top of the row of large buttons. */
const ACTIONS = 125;
/** Top of the status line. */
const STATUS_TOP = 150;
const STATUS_HEIGHT = 15;

/** Eight settings extend down to the status line. */
const SETTING_PITCH = 18;
const NUMBOX = 15;

const PANEL: Rect = [NOTES.left, EDGE, NOTES.width, ACTIONS - 2 * GAP];
const CHORD: Rect = [MUSIC.left, 102, 188, ROW];
const STATUS: Rect = [EDGE, STATUS_TOP, 466, STATUS_HEIGHT];

const CANDIDATE: Rect = [NOTES.left + 22, ACTIONS, 42, BUTTON];

export const ROLL: Rect = [NOTES.left + 4, 35, NOTES.width - 8, 82];

export const LAYOUT: DeviceLayout = {
  panels: [PANEL, CHORD, STATUS, CANDIDATE],
  captions: [["Seed", { rect: [MUSIC.left + 148, 24, 60, 13], align: "left" }]],
  controls: {
    ...statusLine(),
    ...tools(),
    ...music(),
    ...settings(),
    ...notes(),
  },
};

function statusLine(): Record<string, BoxLayout> {
  const [left, , width] = STATUS;
  const pathWidth = 40;
  const pathLeft = left + width - pathWidth - 4;
  let at = left + width + GAP;
  const button = (wide: number): BoxLayout => {
    const rect: Rect = [at, STATUS_TOP, wide, STATUS_HEIGHT];
    at += wide + GAP;
    return { rect };
  };
  return {
    status: { rect: [left + 4, STATUS_TOP + 1, pathLeft - left - 6, 13], background: "panel" },
    path: {
      rect: [pathLeft, STATUS_TOP + 1, pathWidth, 13],
      background: "panel dim",
      align: "right",
    },
    reconnect: button(54),
    program: button(50),
    self_test: button(50),
  };
}

function tools(): Record<string, BoxLayout> {
  const ids = CONTROLS.filter((row) => row.kind === "tool").map((row) => row.id);
  const { left, width } = TOOLS;
  const layout = ids.map((id, index): [string, BoxLayout] => [
    id,
    { rect: [left, EDGE + index * 18, width, ROW] },
  ]);
  return {
    ...Object.fromEntries(layout),
    jam: { rect: [left, 112, 38, NUMBOX] },
    jam_bars: { rect: [left + 40, 112, 36, NUMBOX] },
    panic: { rect: [left, 130, width, NUMBOX] },
  };
}

function music(): Record<string, BoxLayout> {
  const { left, width } = MUSIC;
  const dial = (index: number): BoxLayout => ({ rect: [left + index * 48, 24, 44, 48] });
  const half = (width - GAP) / 2;
  return {
    generator: { rect: [left, EDGE, width, ROW] },
    temperature: dial(0),
    bars: dial(1),
    variations: dial(2),
    seed: { rect: [left + 148, 37, 60, NUMBOX] },
    random_seed: { rect: [left + 148, 56, 28, NUMBOX] },
    new_seed: { rect: [left + 180, 56, 28, NUMBOX] },
    follow_scale: { rect: [left, 80, half, ROW] },
    chord_learn: { rect: [left + half + GAP, 80, half, ROW] },
    chord: { rect: [left + 4, 103, 180, 13], background: "panel" },
    chord_clear: { rect: [left + 192, 102, 16, ROW] },
    go: { rect: [left, ACTIONS, 140, BUTTON], main: true },
    cancel: { rect: [left + 144, ACTIONS, 64, BUTTON] },
  };
}

function settings(): Record<string, BoxLayout> {
  const { left, width } = SETTINGS;
  const layout: Record<string, BoxLayout> = {};
  for (let i = 0; i < BOXES; i += 1) {
    const top = EDGE + i * SETTING_PITCH;
    layout[`arg_${i + 1}_label`] = { rect: [left, top, 66, NUMBOX], background: "surface" };
    layout[`arg_${i + 1}`] = { rect: [left + 68, top, width - 68, NUMBOX] };
  }
  return layout;
}

function notes(): Record<string, BoxLayout> {
  const { left, width } = NOTES;
  const [candidateLeft, , candidateWidth] = CANDIDATE;
  const next = candidateLeft + candidateWidth + GAP;
  const button = (at: number, wide: number): BoxLayout => ({ rect: [at, ACTIONS, wide, BUTTON] });
  return {
    progress: { rect: [left + 4, 7, width - 8, 26], background: "panel" },
    previous: button(left, 18),
    candidate: {
      rect: [candidateLeft + 1, ACTIONS + 3, 40, 14],
      background: "panel",
      align: "center",
    },
    next: button(next, 18),
    audition: button(next + 22, 50),
    keep: button(next + 76, 34),
    drop: button(next + 114, 34),
  };
}
