/**
 * Max's main thread: one event after the other, and a queue of deferred actions.
 *
 * Actions that `deferlow` defers run after the current event, in order.
 */

export class MainThread {
  private readonly waiting: (() => void)[] = [];
  private busy = false;

  /** Run an event and its deferred actions; during another event, wait for that one. */
  run(event: () => void): void {
    this.waiting.push(event);
    this.drain();
  }

  /** Defer an action, even if no event is running. */
  defer(action: () => void): void {
    this.waiting.push(action);
    if (!this.busy) queueMicrotask(() => this.drain());
  }

  private drain(): void {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.waiting.shift(); next; next = this.waiting.shift()) next();
    } finally {
      this.busy = false;
    }
  }
}
