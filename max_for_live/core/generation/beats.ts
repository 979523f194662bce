/**
 * Lossless conversion between beats and the server's seconds.
 *
 * A beat is a quarter note in Live. The server uses seconds and receives the tempo with them, so
 * the request uses a tempo at which a beat is a power of two of a second (60 beats per minute times
 * a power of two): multiplying by a power of two is exact. It is the tempo of that kind nearest to
 * the Set's, because some generators model real time.
 */

const SLOWEST = 15;
const FASTEST = 960;

/** Return 15, 30, 60, 120, 240, 480 or 960: the tempo to use in a request at `tempo`. */
export function exactTempo(tempo: number): number {
  if (!(tempo > 0)) return 120;
  const nearest = 60 * 2 ** Math.round(Math.log2(tempo / 60));
  return Math.min(FASTEST, Math.max(SLOWEST, nearest));
}

/** Return seconds at an exact tempo. */
export function toSeconds(beats: number, qpm: number): number {
  return beats * (60 / qpm);
}

/** Return beats at an exact tempo. */
export function toBeats(seconds: number, qpm: number): number {
  return seconds * (qpm / 60);
}

/** Return the beats of a bar; Live's denominators are powers of two. */
export function barLength(numerator: number, denominator: number): number {
  return (4 * numerator) / denominator;
}

/** Return the first bar line at or after `beat`; bars are counted from beat 0. */
export function nextBar(beat: number, bar: number): number {
  const bars = beat / bar;
  const nearest = Math.round(bars);
  // Live's beat times have rounding errors: 15.9999999998 is 16.
  const whole = Math.abs(bars - nearest) < 1e-6 ? nearest : Math.ceil(bars);
  return whole * bar;
}
