/** What Live hands to a MIDI Tool: notes, and what it says about the clip. */

import type { Scale } from "../../core/generation/scale.ts";
import type { LiveNote } from "../../core/host/live_port.ts";

/** All in beats on the clip's timeline. */
export interface Context {
  selectionStart: number;
  selectionEnd: number;
  /** Where the insert marker stands; null while notes or a time are selected. */
  insertMarker: number | null;
  /** Live's scale; null while it is switched off. */
  scale: Scale | null;
}

export interface Given {
  notes: LiveNote[];
  context: Context;
}

export const NO_CONTEXT: Context = {
  selectionStart: 0,
  selectionEnd: 0,
  insertMarker: null,
  scale: null,
};

type Json = Record<string, unknown>;

/** A list of one may come as its element. */
export function readNotes(dict: unknown): LiveNote[] {
  const notes = (dict as Json | null)?.notes;
  if (Array.isArray(notes)) return notes as LiveNote[];
  return typeof notes === "object" && notes !== null ? [notes as LiveNote] : [];
}

export function readContext(dict: unknown): Context {
  const { clip, scale } = (dict ?? {}) as { clip?: Json; scale?: Json };
  const start = number(clip?.time_selection_start) ?? 0;
  return {
    selectionStart: start,
    selectionEnd: number(clip?.time_selection_end) ?? start,
    insertMarker: number(clip?.insert_marker_time),
    scale: readScale(scale),
  };
}

function readScale(scale: Json | undefined): Scale | null {
  const intervals = [scale?.scale_intervals ?? []].flat().filter((one) => typeof one === "number");
  if (Number(scale?.scale_mode) !== 1 || intervals.length === 0) return null;
  return { root: number(scale?.root_note) ?? 0, intervals };
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
