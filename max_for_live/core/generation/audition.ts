/** Plays a candidate through the device's own MIDI output. */

import type { Player, Scheduler } from "../host/ports.ts";
import type { Candidate } from "./candidates.ts";
import { wholeVelocity } from "./notes.ts";

/** Milliseconds before the first note. */
const LEAD = 50;
/** Seconds of notes that are scheduled at a time. */
const WINDOW = 2;

export class Audition {
  playing = false;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly player: Player,
    private readonly scheduler: Scheduler,
    /** Called when the music has ended. */
    private readonly onEnd: () => void,
  ) {}

  /** Play from the beginning at `tempo`, in quarter notes per minute. */
  start(candidate: Candidate, tempo: number): void {
    this.stop();
    this.playing = true;
    const beat = 60 / (tempo > 0 ? tempo : 120);
    const notes = [...candidate.notes].sort((a, b) => a.start_time - b.start_time);
    const startedAt = this.scheduler.now();
    let at = 0;
    const step = () => {
      const elapsed = this.scheduler.now() - startedAt;
      for (; at < notes.length; at += 1) {
        const note = notes[at] as (typeof notes)[number];
        const wait = note.start_time * beat - elapsed;
        if (wait > 2 * WINDOW) break;
        const velocity = wholeVelocity(note.velocity);
        const delay = Math.max(0, wait * 1000) + LEAD;
        this.player.note(note.pitch, velocity, Math.max(1, note.duration * beat * 1000), delay);
      }
      const left = candidate.length * beat - elapsed;
      if (left > 0) this.cancelTimer = this.scheduler.after(Math.min(WINDOW, left), step);
      else this.finish();
    };
    step();
  }

  stop(): void {
    if (!this.playing) return;
    this.playing = false;
    this.cancelTimer();
    this.player.silence();
  }

  private finish(): void {
    this.playing = false;
    this.onEnd();
  }
}
