/** The meter at Live's position, and where its bars are. */

import type { LiveObject } from "./live_object.ts";

/** Live's ticks of a sixteenth note. */
const TICKS = 60;

/** Return the quarter notes of a bar in the current meter. */
export function barBeats(set: LiveObject): number {
  const { numerator, denominator } = meterOf(set);
  return (4 * numerator) / denominator;
}

/**
 * Return the bar line at or before the position, in beats; null if Live does not tell.
 *
 * The position as bars, beats, sixteenths, and ticks counts from the last change of meter, which
 * beats since the start of the song do not.
 */
export function lastBarLine(set: LiveObject): number | null {
  const words = String(set.call("get_current_beats_song_time") ?? "").split(".");
  const [, beats = 0, sixteenths = 0, ticks = 0] = words.map(Number);
  const { numerator, denominator } = meterOf(set);
  if (words.length !== 4 || !(beats >= 1 && beats <= numerator && sixteenths >= 1)) return null;
  const since = ((beats - 1) * 4) / denominator + (sixteenths - 1 + ticks / TICKS) / 4;
  const line = set.number("current_song_time") - since;
  // Ticks are rounded, but bar lines are on sixteenths or finer.
  const rounded = Math.round(line * 16) / 16;
  return Number.isFinite(rounded) ? rounded : null;
}

function meterOf(set: LiveObject): { numerator: number; denominator: number } {
  return {
    numerator: set.number("signature_numerator") || 4,
    denominator: set.number("signature_denominator") || 4,
  };
}
