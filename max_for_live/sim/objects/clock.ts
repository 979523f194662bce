/** Max's clock: what falls due is an event of the main thread. */

import { TaskClock } from "../task.ts";
import { MaxWorld } from "../v8_host.ts";
import type { MainThread } from "./main_thread.ts";

export class EventClock extends TaskClock {
  readonly #main: MainThread;

  constructor(main: MainThread) {
    super();
    this.#main = main;
  }

  override schedule(milliseconds: number, run: () => void): () => void {
    return super.schedule(milliseconds, () => this.#main.run(run));
  }
}

/** What the scripts share, on that clock. */
export class EventMax extends MaxWorld {
  override readonly clock: EventClock;

  constructor(listOfOne: "list" | "element", clock: EventClock) {
    super(listOfOne);
    this.clock = clock;
  }
}
