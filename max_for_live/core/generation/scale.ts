/** Pitch classes that new notes may have: Live's scale, or a learned chord. */

import type { SetFacts } from "../host/live_port.ts";
import type { ArgumentValue } from "../transport/messages.ts";

/** Pitch classes, as the generators' arguments `scale_root` and `scale_intervals` define them. */
export interface Scale {
  /** Pitch class, 0 for C. */
  root: number;
  /** Semitones above the root, 0 to 11, ascending. */
  intervals: number[];
}

const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** Return Live's scale; null while it is off, or when it has no notes. */
export function scaleOf(set: SetFacts): Scale | null {
  const intervals = classes(set.scaleIntervals);
  return set.scaleOn && intervals.length > 0 ? { root: mod12(set.rootNote), intervals } : null;
}

/** Return the chord of these pitches, with the lowest as root; null for no pitches. */
export function chordOf(pitches: readonly number[]): Scale | null {
  if (pitches.length === 0) return null;
  const root = mod12(Math.min(...pitches));
  return { root, intervals: classes(pitches.map((pitch) => pitch - root)) };
}

/** Return the intersection; if it is empty, the chord. */
export function intersect(scale: Scale | null, chord: Scale | null): Scale | null {
  if (scale === null || chord === null) return chord ?? scale;
  const allowed = new Set(pitchClasses(scale));
  const both = pitchClasses(chord).filter((pitch) => allowed.has(pitch));
  if (both.length === 0) return chord;
  return { root: chord.root, intervals: classes(both.map((pitch) => pitch - chord.root)) };
}

export function scaleArguments(scale: Scale): Record<string, ArgumentValue> {
  return {
    scale_root: { intValue: scale.root },
    scale_intervals: { stringValue: scale.intervals.join(",") },
  };
}

/** For example "C E G". */
export function noteNames(scale: Scale): string {
  return pitchClasses(scale)
    .map((pitch) => NAMES[pitch])
    .join(" ");
}

/** Encode as one word without spaces, which Max and a dictionary do not parse as number or list. */
export function encodeScale(scale: Scale | null): string {
  return scale === null ? "-" : ["chord", scale.root, ...scale.intervals].join("_");
}

/** Decode what `encodeScale` wrote; null for "-" and for anything else. */
export function decodeScale(word: string): Scale | null {
  if (!/^chord(_\d{1,2}){2,13}$/.test(word)) return null;
  const [root = 0, ...intervals] = word.split("_").slice(1).map(Number);
  return { root: mod12(root), intervals: classes(intervals) };
}

function pitchClasses(scale: Scale): number[] {
  return scale.intervals.map((interval) => mod12(scale.root + interval));
}

function classes(semitones: readonly number[]): number[] {
  return [...new Set(semitones.map(mod12))].sort((a, b) => a - b);
}

function mod12(pitch: number): number {
  return ((Math.round(pitch) % 12) + 12) % 12;
}
