/**
 * The answer phrase: holds its notes until they are due.
 *
 * Only notes that are due soon are sent to the player, so that a change of tempo or a stop affects
 * nearly all of them.
 */

import { wholeVelocity } from "../generation/notes.ts";
import type { LiveNote } from "../host/live_port.ts";
import type { Player } from "../host/ports.ts";
import type { JamClock } from "./jam_clock.ts";

/** Seconds that notes are sent in advance; polls are about 0.05 seconds apart. */
const LOOKAHEAD = 0.15;
/** Seconds by which a note may be late and still be played. */
const LATE = 0.05;
/** Beats; a late answer begins on this grid. */
const GRID = 1;

export class JamReply {
  private waiting: LiveNote[] = [];
  private from: number;
  private hasStarted = false;
  private readonly sounding = new Map<number, number>();

  constructor(
    /** The bar line on which the phrase begins. */
    readonly start: number,
    /** Beats. */
    readonly length: number,
  ) {
    this.from = start;
  }

  get end(): number {
    return this.start + this.length;
  }

  /** Add notes, in beats on the timeline; drop notes that are too late. */
  add(notes: readonly LiveNote[], now: number): void {
    if (!this.hasStarted && now > this.from) this.from = Math.ceil(now / GRID) * GRID;
    this.hasStarted ||= notes.length > 0;
    for (const note of notes) {
      if (note.start_time < this.from || note.start_time >= this.end || note.mute) continue;
      this.waiting.push({ ...note, duration: Math.min(note.duration, this.end - note.start_time) });
    }
    this.waiting.sort((a, b) => a.start_time - b.start_time);
  }

  /** Send the notes that are due. */
  play(player: Player, clock: JamClock, seconds: number): void {
    const horizon = clock.at(seconds) + (LOOKAHEAD * clock.tempo) / 60;
    const due = this.waiting.filter((note) => note.start_time <= horizon);
    this.waiting = this.waiting.slice(due.length);
    due.forEach((note, index) => {
      const next = [...due.slice(index + 1), ...this.waiting].find(
        (one) => one.pitch === note.pitch,
      );
      this.playNote(note, next, player, clock, seconds);
    });
  }

  private playNote(
    note: LiveNote,
    next: LiveNote | undefined,
    player: Player,
    clock: JamClock,
    seconds: number,
  ): void {
    const delay = clock.until(note.start_time, seconds);
    const busy = (this.sounding.get(note.pitch) ?? Number.NEGATIVE_INFINITY) > note.start_time;
    if (delay < -LATE || busy) return;
    const room = next === undefined ? note.duration : next.start_time - note.start_time;
    const duration = Math.min(note.duration, room);
    if (duration <= 0) return;
    this.sounding.set(note.pitch, note.start_time + duration);
    const milliseconds = (duration * 60_000) / clock.tempo;
    const velocity = wholeVelocity(note.velocity);
    player.note(note.pitch, velocity, milliseconds, Math.max(0, delay) * 1000);
  }
}
