/** Time by Max's Task. */

import type { Later } from "../core/host/scheduler.ts";

export class TaskLater implements Later {
  private last = 0;
  /** A Task that nobody holds may be swept away before its time. */
  private readonly waiting = new Set<Task>();

  now(): number {
    // The computer's clock may be set back; time here may not.
    this.last = Math.max(this.last, Date.now() / 1000);
    return this.last;
  }

  after(seconds: number, action: () => void): () => void {
    const task = new Task(() => {
      this.end(task);
      action();
    });
    this.waiting.add(task);
    task.schedule(Math.max(0, Math.round(seconds * 1000)));
    return () => {
      if (!this.waiting.has(task)) return;
      task.cancel();
      this.end(task);
    };
  }

  private end(task: Task): void {
    this.waiting.delete(task);
  }
}
