/**
 * Max's main thread: one event after the other, and a queue for what was put off.
 *
 * Whatever `deferlow` puts off runs when the event that put it off is over, in its order.
 */

export class MainThread {
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  /** Runs an event and all that it puts off; called during another event, it waits for that one. */
  run(event: () => void): void {
    this.#waiting.push(event);
    this.#drain();
  }

  /** Puts an action behind all that wait, also where nobody has said that an event is running. */
  later(action: () => void): void {
    this.#waiting.push(action);
    if (!this.#busy) queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
    } finally {
      this.#busy = false;
    }
  }
}
