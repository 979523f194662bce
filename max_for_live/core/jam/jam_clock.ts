/**
 * The position of Live's transport between two polls, as a monotonic timeline.
 *
 * The position is polled about 20 times per second; notes between two polls need their own time.
 * When the Arrangement's loop jumps back by whole bars, the timeline continues. Changes of meter are
 * remembered, in case that Live does not tell the last bar line.
 */

/** The transport at one moment. */
export interface SongTime {
  /** `current_song_time`, beats. */
  beat: number;
  /** Quarter notes per minute. */
  tempo: number;
  /** Beats of a bar. */
  bar: number;
  /** The bar line at or before the position; null or missing if it is not known. */
  line?: number | null;
}

/** Beats; polls are late by less, and jumps are longer. */
const JUMP = 0.5;
/** Tolerance in beats of a jump by whole bars. */
const SLACK = 0.25;
/** Beats; a position that is this little before a bar line is on it. */
const EARLY = 0.01;
/** Beats; where meters change in the middle of a bar. */
const GRID = 0.25;

/**
 * What an update found: the timeline continues, in the same meter or in another one, or it is a new
 * one.
 */
export type TimelineChange = "none" | "meter" | "moved";

/** A change of meter: the bar line on which it was seen, in beats of the song. */
interface MeterChange {
  beat: number;
  /** Beats of a bar from there on. */
  bar: number;
}

export class JamClock {
  private offset = 0;
  private beat = 0;
  private seconds = 0;
  private pace = 0;
  private running = false;
  /** A bar line of the timeline. */
  private line = 0;
  /** Sorted by their beats. */
  private readonly changes: MeterChange[] = [];

  /** Beats of a bar at the last poll. */
  bar = 4;
  /** Quarter notes per minute at the last poll. */
  tempo = 120;

  /** Update at time `seconds`. */
  update(song: SongTime, seconds: number): TimelineChange {
    const actual = song.beat + this.offset;
    const jump = this.running ? actual - this.at(seconds) : 0;
    let change: TimelineChange = "none";
    if (!this.running || (Math.abs(jump) > JUMP && !this.continues(song, jump))) {
      this.offset = 0;
      this.line = this.knownLine(song);
      change = "moved";
    } else if (Math.abs(jump) > JUMP) {
      this.offset -= Math.round(jump / this.bar) * this.bar;
    } else if (song.bar !== this.bar) {
      this.changeMeter(song, actual);
      change = "meter";
    }
    this.set(song, seconds);
    return change;
  }

  /** Return the last bar line at or before `beat`. */
  lineBefore(beat: number): number {
    return this.line + Math.floor((beat - this.line) / this.bar) * this.bar;
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

  /** Return whether the bar lines after a jump are those of the timeline. */
  private continues(song: SongTime, jump: number): boolean {
    if (song.bar !== this.bar) return false;
    const there = this.knownLine(song) + this.offset - jump;
    return isWhole(jump / this.bar, this.bar) && isWhole((there - this.line) / this.bar, this.bar);
  }

  /** A meter changes on a bar line, of which the poll is late; or anywhere, in a short bar. */
  private changeMeter(song: SongTime, beat: number): void {
    const before = this.lineBefore(beat + EARLY);
    this.line = beat - before <= JUMP ? before : Math.floor(beat / GRID) * GRID;
    if (typeof song.line === "number") this.line = song.line + this.offset;
    const change = { beat: this.line - this.offset, bar: song.bar };
    const others = this.changes.filter((each) => Math.abs(each.beat - change.beat) > JUMP);
    this.changes.splice(0, this.changes.length, ...others, change);
    this.changes.sort((one, other) => one.beat - other.beat);
  }

  /** Return a bar line near the position, from Live or the changes of meter that were seen before. */
  private knownLine(song: SongTime): number {
    if (typeof song.line === "number") return song.line;
    const before = this.changes.filter((each) => each.beat <= song.beat + EARLY).at(-1);
    return before?.bar === song.bar ? before.beat : 0;
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

function isWhole(bars: number, bar: number): boolean {
  return Math.abs(bars - Math.round(bars)) * bar <= SLACK;
}
