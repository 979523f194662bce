/**
 * Beats and the server's seconds, converted without losing a bit.
 *
 * A beat is a quarter note in Live. The server reads and writes seconds and is told the tempo with
 * them, so the tempo may be one at which a beat is a power of two of a second: 60 beats a minute,
 * or twice, four times, half of that. Multiplying by a power of two is exact, whatever the number.
 * The one nearest to the Set's tempo is taken, for some generators hear music in real time.
 */

const SLOWEST = 15;
const FASTEST = 960;

/** Returns 15, 30, 60, 120, 240, 480 or 960: the tempo in which to ask for music at `tempo`. */
export function exactTempo(tempo: number): number {
  if (!(tempo > 0)) return 120;
  const nearest = 60 * 2 ** Math.round(Math.log2(tempo / 60));
  return Math.min(FASTEST, Math.max(SLOWEST, nearest));
}

/** Seconds at an exact tempo. */
export function toSeconds(beats: number, qpm: number): number {
  return beats * (60 / qpm);
}

/** Beats at an exact tempo. */
export function toBeats(seconds: number, qpm: number): number {
  return seconds * (qpm / 60);
}

/** Beats of a bar; Live's denominators are powers of two. */
export function barLength(numerator: number, denominator: number): number {
  return (4 * numerator) / denominator;
}

/** The first bar line at or after `beat`; bars are counted from beat 0. */
export function nextBar(beat: number, bar: number): number {
  return nextStep(beat, bar);
}

/** The first multiple of `step` at or after `beat`. */
export function nextStep(beat: number, step: number): number {
  const steps = beat / step;
  const nearest = Math.round(steps);
  // Live's beat times are off by a hair at times: 15.9999999998 is 16.
  const whole = Math.abs(steps - nearest) < 1e-6 ? nearest : Math.ceil(steps);
  return whole * step;
}
