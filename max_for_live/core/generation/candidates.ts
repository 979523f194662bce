/** The variations to choose from. */

import type { LiveNote } from "../host/live_port.ts";
import type { RollNote } from "../host/view.ts";
import { wholeVelocity } from "./notes.ts";

export interface Candidate {
  /** In beats from the start of the new section. */
  notes: LiveNote[];
  /** Beats. */
  length: number;
  /** Name of its clip: the generator, and the seed that reproduces the notes. */
  name: string;
  /** Notes before the new section: negative start times, in beats. */
  primer: LiveNote[];
}

export class Candidates {
  private list: Candidate[] = [];
  private index = 0;

  get count(): number {
    return this.list.length;
  }

  get current(): Candidate | null {
    return this.list[this.index] ?? null;
  }

  /** For example "2 of 4"; "" for none. */
  get text(): string {
    return this.count === 0 ? "" : `${this.index + 1} of ${this.count}`;
  }

  clear(): void {
    this.list = [];
    this.index = 0;
  }

  add(candidate: Candidate): void {
    this.list.push(candidate);
  }

  /** Go forward or back, and wrap around. */
  move(steps: number): void {
    if (this.count > 0) this.index = (this.index + steps + this.count) % this.count;
  }

  /** Remove the current candidate; a clip that was made from it stays. */
  drop(): void {
    this.list.splice(this.index, 1);
    this.index = Math.max(0, Math.min(this.index, this.count - 1));
  }
}

/** Return the content of the piano roll: the primer, then the candidate. */
export function rollOf(candidate: Candidate): { notes: RollNote[]; length: number } {
  const before = candidate.primer.reduce((first, note) => Math.min(first, note.start_time), 0);
  const shown = (primer: boolean) => (note: LiveNote) => ({
    pitch: note.pitch,
    start: note.start_time - before,
    duration: note.duration,
    velocity: wholeVelocity(note.velocity),
    primer,
  });
  const notes = [...candidate.primer.map(shown(true)), ...candidate.notes.map(shown(false))];
  return { notes, length: candidate.length - before };
}
