/** The phrase that the user plays: turns note-on and note-off into notes with durations. */

import type { Primer } from "../generation/primer_window.ts";
import type { LiveNote } from "../host/live_port.ts";

/** Beats; the shortest note. */
const SHORTEST = 1 / 32;

export class JamCall {
  private readonly notes: LiveNote[] = [];
  private readonly held = new Map<number, LiveNote>();

  constructor(
    /** The bar line on which the phrase begins. */
    readonly start: number,
    /** Beats. */
    public length: number,
  ) {}

  get end(): number {
    return this.start + this.length;
  }

  /** A note slightly before the phrase starts on its first beat; one after its end is ignored. */
  on(pitch: number, velocity: number, beat: number): void {
    this.off(pitch, beat);
    const start = Math.max(0, beat - this.start);
    if (start >= this.length) return;
    const note = { pitch, velocity, start_time: start, duration: this.length - start };
    this.notes.push(note);
    this.held.set(pitch, note);
  }

  off(pitch: number, beat: number): void {
    const note = this.held.get(pitch);
    if (note === undefined) return;
    this.held.delete(pitch);
    const played = beat - this.start - note.start_time;
    note.duration = Math.min(note.duration, Math.max(SHORTEST, played));
  }

  /** Return the notes played; held notes last until the end of the phrase. */
  music(): Primer {
    for (const note of this.held.values()) note.duration = this.length - note.start_time;
    return { notes: this.notes.map((note) => ({ ...note })), length: this.length };
  }
}
