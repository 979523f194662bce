/** The piano roll of a picture: drawn by the device's own script, in the simulated Max. */

import { encode } from "../../core/host/dict_codec.ts";
import type { RollNote } from "../../core/host/view.ts";
import { MaxWorld, V8Host } from "../../sim/v8_host.ts";
import type { Rect } from "../patcher.ts";
import type { Theme } from "./theme.ts";

export interface Roll {
  notes: RollNote[];
  /** Beats; 0 for an empty roll. */
  length: number;
}

const DICT = "picture";

/** Throw an Error if the script prints one. */
export function drawRoll(rect: Rect, theme: Theme, roll: Roll, script: string): string {
  const [x, y, width, height] = rect;
  const world = new MaxWorld();
  Object.assign(world.colors, {
    live_lcd_bg: rgba(theme.panel),
    live_lcd_control_fg: rgba(theme.note),
    live_lcd_control_fg_zombie: rgba(theme.primer),
  });
  const host = new V8Host(script, world, { box: [width, height] });
  world.dicts.open(DICT);
  world.dicts.write(DICT, encode({ notes: roll.notes }));
  host.send(0, "roll", roll.length, DICT);
  const svg = host.paint().trim();
  if (host.console.length > 0) {
    throw new Error(`The script of the piano roll failed: ${host.console.join(" ")}`);
  }
  return svg.replace(/^<svg xmlns="[^"]*"/, `<svg x="${x}" y="${y}"`);
}

/** Return red, green, blue and opacity in [0, 1] of "#rrggbb". */
function rgba(color: string): number[] {
  const parts = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  return [...parts, 1];
}
