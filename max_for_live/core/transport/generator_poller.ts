/** Reads a server's list of generators, and reads it again periodically: models come and go. */

import type { Scheduler } from "../host/ports.ts";
import type { Generator } from "./messages.ts";
import type { Call, Failure, Transport } from "./transport.ts";

/** Seconds until the next request for the list. */
const SECONDS = { ready: 15, loading: 1, failed: 2 } as const;

interface PollerEvents {
  listed(generators: Generator[]): void;
  failed(failure: Failure): void;
}

export class GeneratorPoller {
  private transport: Transport | null = null;
  private call: Call | null = null;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly scheduler: Scheduler,
    private readonly events: PollerEvents,
  ) {}

  /** Poll over this transport from now on; null to stop. */
  use(transport: Transport | null): void {
    this.call?.cancel();
    this.cancelTimer();
    this.transport = transport;
    this.poll();
  }

  private poll(): void {
    if (!this.transport) return;
    this.call = this.transport.listGenerators({
      next: (generators) => {
        const loading = generators.some(({ status }) => status === "GENERATOR_STATUS_LOADING");
        this.schedule(loading ? SECONDS.loading : SECONDS.ready);
        this.events.listed(generators);
      },
      done: () => {},
      failed: (failure) => {
        this.schedule(SECONDS.failed);
        this.events.failed(failure);
      },
    });
  }

  private schedule(seconds: number): void {
    this.cancelTimer();
    this.cancelTimer = this.scheduler.after(seconds, () => this.poll());
  }
}
