/**
 * Where Live's song is between two looks at it, as one line that only goes forward.
 *
 * The song's time is looked at some 20 times a second; a note between two looks needs its own.
 * When the Arrangement's loop jumps back by whole bars, the line goes on as if nothing were.
 */

/** Live's song at one moment. */
export interface SongTime {
  /** `current_song_time`, beats. */
  beat: number;
  /** Quarter notes per minute. */
  tempo: number;
  /** Beats of a bar. */
  bar: number;
}

/** Beats; looks come late by less, and jumps are longer. */
const JUMP = 0.5;
/** Beats by which a jump may miss whole bars and still keep the bar lines. */
const SLACK = 0.25;

export class JamClock {
  private offset = 0;
  private beat = 0;
  private seconds = 0;
  private pace = 0;
  private running = false;

  /** Beats of a bar, as last lastText. */
  bar = 4;
  /** Quarter notes per minute, as last lastText. */
  tempo = 120;

  /** Takes a update at the song at `seconds`; returns whether the bar lines stayed where they were. */
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

  /** The song has stopped; the next update begins anew. */
  stop(): void {
    this.running = false;
    this.offset = 0;
    this.pace = 0;
  }

  /** The beat at `seconds`. */
  at(seconds: number): number {
    return this.beat + Math.max(0, seconds - this.seconds) * this.pace;
  }

  /** Seconds from `seconds` until `beat`, at the tempo of now; below 0 when it has passed. */
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
