/** Time by Max's Task. */

import type { Scheduler } from "../core/host/ports.ts";

export class TaskScheduler implements Scheduler {
  private last = 0;
  /** References to pending Tasks, which may be garbage-collected otherwise. */
  private readonly waiting = new Set<Task>();

  now(): number {
    // The system clock can be set back; this time is monotonic.
    this.last = Math.max(this.last, Date.now() / 1000);
    return this.last;
  }

  after(seconds: number, action: () => void): () => void {
    const task = new Task(() => {
      this.remove(task);
      action();
    });
    this.waiting.add(task);
    task.schedule(Math.max(0, Math.round(seconds * 1000)));
    return () => {
      if (!this.waiting.has(task)) return;
      task.cancel();
      this.remove(task);
    };
  }

  private remove(task: Task): void {
    this.waiting.delete(task);
  }
}
