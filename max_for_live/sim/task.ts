/** Max's Task, on a clock that tests advance. */

interface Due {
  at: number;
  order: number;
  run: () => void;
}

export class TaskClock {
  /** Milliseconds. */
  private time = 1_000_000;
  private order = 0;
  private due: Due[] = [];

  now(): number {
    return this.time;
  }

  /** Advance the time, and run what becomes due, in order. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.due.splice(this.due.indexOf(next), 1);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = end;
  }

  schedule(milliseconds: number, run: () => void): () => void {
    this.order += 1;
    const due = { at: this.time + Math.max(0, milliseconds), order: this.order, run };
    this.due.push(due);
    return () => {
      this.due = this.due.filter((one) => one !== due);
    };
  }

  get waiting(): number {
    return this.due.length;
  }

  private next(end: number): Due | undefined {
    const sorted = [...this.due].sort((a, b) => a.at - b.at || a.order - b.order);
    return sorted[0] !== undefined && sorted[0].at <= end ? sorted[0] : undefined;
  }
}

/** Return the class for one script; `keep` registers a cleanup function. */
export function taskFor(
  clock: TaskClock,
  enter: (act: () => void) => void,
  keep: (end: () => void) => void,
) {
  return class Task {
    interval = 500;
    running = false;
    private forget: () => void = () => {};

    constructor(
      private readonly action: (...args: unknown[]) => void,
      private readonly owner: unknown = undefined,
      private readonly args: unknown[] = [],
    ) {
      keep(() => this.cancel());
    }

    schedule(milliseconds = 0): void {
      this.cancel();
      this.running = true;
      this.forget = clock.schedule(milliseconds, () => {
        this.running = false;
        this.execute();
      });
    }

    execute(): void {
      enter(() => this.action.apply(this.owner, this.args));
    }

    cancel(): void {
      this.forget();
      this.running = false;
    }

    freepeer(): void {
      this.cancel();
    }
  };
}
