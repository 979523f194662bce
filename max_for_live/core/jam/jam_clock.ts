/**
 * The position of Live's transport between two polls, as a monotonic timeline.
 *
 * The position is polled about 20 times per second; notes between two polls need their own time.
 * When the Arrangement's loop jumps back by whole bars, the timeline continues.
 */

/** The transport at one moment. */
export interface SongTime {
  /** `current_song_time`, beats. */
  beat: number;
  /** Quarter notes per minute. */
  tempo: number;
  /** Beats of a bar. */
  bar: number;
}

/** Beats; polls are late by less, and jumps are longer. */
const JUMP = 0.5;
/** Tolerance in beats of a jump by whole bars. */
const SLACK = 0.25;

export class JamClock {
  private offset = 0;
  private beat = 0;
  private seconds = 0;
  private pace = 0;
  private running = false;

  /** Beats of a bar at the last poll. */
  bar = 4;
  /** Quarter notes per minute at the last poll. */
  tempo = 120;

  /** Update at time `seconds`; return whether the bar lines are unchanged. */
  update(song: SongTime, seconds: number): boolean {
    const expected = this.at(seconds);
    const actual = song.beat + this.offset;
    const jump = this.running ? actual - expected : 0;
    const sameBars = song.bar === this.bar && this.keepsBars(jump);
    if (Math.abs(jump) > JUMP && sameBars) this.offset -= Math.round(jump / this.bar) * this.bar;
    if (!sameBars) this.offset = 0;
    this.set(song, seconds);
    return sameBars;
  }

  /** The transport has stopped; the next update starts a new timeline. */
  stop(): void {
    this.running = false;
    this.offset = 0;
    this.pace = 0;
  }

  /** Return the beat at `seconds`. */
  at(seconds: number): number {
    return this.beat + Math.max(0, seconds - this.seconds) * this.pace;
  }

  /** Return the time from `seconds` until `beat` at the current tempo; negative if it is past. */
  until(beat: number, seconds: number): number {
    return ((beat - this.at(seconds)) * 60) / this.tempo;
  }

  private keepsBars(jump: number): boolean {
    if (Math.abs(jump) <= JUMP) return true;
    return Math.abs(jump - Math.round(jump / this.bar) * this.bar) <= SLACK;
  }

  private set(song: SongTime, seconds: number): void {
    this.beat = song.beat + this.offset;
    this.seconds = seconds;
    this.pace = song.tempo / 60;
    this.tempo = song.tempo;
    this.bar = song.bar;
    this.running = true;
  }
}
