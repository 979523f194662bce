/** Time for a simulated Max: that of this computer, or one that a test moves. */

import type { Clock } from "./object.ts";

/** The computer's own time; keeps no process alive. */
export class RealClock implements Clock {
  now(): number {
    return performance.now();
  }

  after(milliseconds: number, action: () => void): () => void {
    const timer = setTimeout(action, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  }
}

/** Stands still until a test moves it. */
export class TestClock implements Clock {
  #now = 0;
  readonly #waiting: { at: number; action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, action: () => void): () => void {
    const entry = { at: this.#now + milliseconds, action };
    this.#waiting.push(entry);
    return () => {
      const index = this.#waiting.indexOf(entry);
      if (index >= 0) this.#waiting.splice(index, 1);
    };
  }

  /** Lets so many milliseconds pass, and what falls due in them happen at its time. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#now = Math.max(this.#now, next.at);
      next.action();
    }
    this.#now = end;
  }

  #due(end: number): { at: number; action: () => void } | undefined {
    const first = this.#waiting
      .filter((entry) => entry.at <= end)
      .sort((a, b) => a.at - b.at)
      .at(0);
    if (first) this.#waiting.splice(this.#waiting.indexOf(first), 1);
    return first;
  }
}
