/** Layout of both MIDI Tools: Live shows 152 by 147 pixels. */

import type { BoxLayout } from "../control_boxes.ts";
import type { Rect } from "../patcher.ts";

export const TOOL_WIDTH = 152;
export const TOOL_HEIGHT = 147;

export const EDGE = 4;
const INNER = TOOL_WIDTH - 2 * EDGE;
const STATUS: Rect = [EDGE, 115, INNER, 28];

export const TOOL_PANELS: Rect[] = [STATUS];

/** Return the left edge of one of three columns. */
export const column = (index: number): number => EDGE + index * 50;
export const DIALS = 24;

/** Positions in both tools. */
export const TOOL_LAYOUT: Record<string, BoxLayout> = {
  generator: { rect: [EDGE, EDGE, INNER, 16] },
  bars: { rect: [column(0), DIALS, 44, 48] },
  temperature: { rect: [column(1), DIALS, 44, 48] },
  status: { rect: [EDGE + 4, STATUS[1] + 1, INNER - 8, 26], background: "panel" },
};
