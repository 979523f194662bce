/** A piano roll as the device's own script draws it: for pictures, with notes of a sample. */

import type { RollNote } from "../../core/roll.ts";
import type { Rect } from "../patcher.ts";
import { box, path, words } from "./svg.ts";
import type { Theme } from "./theme.ts";

export interface Roll {
  notes: RollNote[];
  /** Beats. */
  length: number;
  /** Said instead of notes when there are none. */
  empty: string;
}

const BEATS_A_BAR = 4;
const SPARE_PITCHES = 2;

export function drawRoll(rect: Rect, theme: Theme, roll: Roll): string {
  const [x, y, width, height] = rect;
  if (roll.notes.length === 0) {
    return words(rect, { text: roll.empty, fill: theme.panelDim, align: "middle" });
  }
  const pitches = roll.notes.map((note) => note.pitch);
  const low = Math.min(...pitches) - SPARE_PITCHES;
  const high = Math.max(...pitches) + SPARE_PITCHES;
  const beat = width / roll.length;
  const step = height / (high - low + 1);
  const lines: string[] = [];
  for (let at = 0; at <= roll.length; at += BEATS_A_BAR) {
    const across = Math.round(x + at * beat) + (at === roll.length ? -0.5 : 0.5);
    lines.push(`M${across} ${y}v${height}`);
  }
  const bars = path(lines.join(""), { stroke: theme.panelLine, "stroke-width": 1 });
  const notes = roll.notes.map((note) => {
    const top = y + (high - note.pitch) * step;
    const area: Rect = [
      x + note.start * beat,
      top,
      Math.max(1.5, note.duration * beat - 1),
      step - 1,
    ];
    return box(area, note.primer ? theme.primer : theme.note, {
      opacity: Math.round(55 + (note.velocity / 127) * 45) / 100,
      rx: 0.8,
    });
  });
  return bars + notes.join("");
}
