/**
 * Script of the piano roll, for v8ui: the primer, and the generated notes after it.
 *
 * `roll LENGTH DICT` sets the notes; a click sends a bang, to audition them.
 */

import { decode } from "../core/host/dict_codec.ts";
import type { RollNote } from "../core/host/view.ts";
import { readDict } from "./dicts.ts";

export const ports = { inlets: 1, outlets: 1 };

type Color = [number, number, number, number];

/** Names of colors in Live's theme, and fallbacks for a Max that does not have them. */
const COLORS: Record<"background" | "written" | "primer", [name: string, fallback: Color]> = {
  background: ["live_lcd_bg", [0.1, 0.1, 0.1, 1]],
  written: ["live_lcd_control_fg", [1, 0.71, 0.2, 1]],
  primer: ["live_lcd_control_fg_zombie", [0.55, 0.55, 0.55, 1]],
};
/** Beats between grid lines, by the length of the music. */
const LINES: [upTo: number, every: number][] = [
  [16, 1],
  [128, 4],
  [Number.POSITIVE_INFINITY, 16],
];
const LINE_OPACITY = 0.25;
/** Opacity of the softest note. */
const FAINT = 0.45;
/** Minimum pitch range, so that notes are not too high. */
const FEWEST_PITCHES = 12;

let notes: RollNote[] = [];
let length = 0;

mgraphics.init();
mgraphics.relative_coords = 0;
mgraphics.autofill = 0;

export function roll(beats: number, dict: string): void {
  length = Number(beats) || 0;
  notes = readNotes(String(dict));
  mgraphics.redraw();
}

export function paint(): void {
  const [width, height] = [Number(mgraphics.size[0]), Number(mgraphics.size[1])];
  setColor("background", 1);
  mgraphics.rectangle(0, 0, width, height);
  mgraphics.fill();
  if (length <= 0) return;
  paintLines(width, height);
  paintNotes(width, height);
}

export function onclick(): void {
  outlet(0, ["bang"]);
}

function readNotes(dict: string): RollNote[] {
  try {
    const { notes: read } = decode(readDict(dict)) as unknown as { notes?: RollNote[] };
    return read ?? [];
  } catch {
    return [];
  }
}

function paintLines(width: number, height: number): void {
  const every = LINES.find(([upTo]) => length <= upTo)?.[1] ?? 16;
  setColor("primer", LINE_OPACITY);
  for (let beat = every; beat < length; beat += every) {
    mgraphics.rectangle(Math.round((beat / length) * width), 0, 1, height);
    mgraphics.fill();
  }
}

function paintNotes(width: number, height: number): void {
  const pitches = notes.map((note) => note.pitch);
  const [low, high] = [Math.min(...pitches), Math.max(...pitches)];
  const rows = Math.max(FEWEST_PITCHES, high - low + 1);
  const row = height / (rows + 2);
  const floor = height / 2 + (row * (high - low + 1)) / 2;
  for (const note of notes) {
    setColor(note.primer ? "primer" : "written", FAINT + ((1 - FAINT) * note.velocity) / 127);
    const x = (note.start / length) * width;
    const wide = Math.max(1, (note.duration / length) * width - 1);
    mgraphics.rectangle(x, floor - (note.pitch - low + 1) * row, wide, Math.max(1, row - 0.5));
    mgraphics.fill();
  }
}

function setColor(what: keyof typeof COLORS, opacity: number): void {
  const [name, fallback] = COLORS[what];
  const [red = 0, green = 0, blue = 0, alpha = 1] = Array.from(max.getcolor?.(name) ?? fallback);
  mgraphics.set_source_rgba(red, green, blue, alpha * opacity);
}
