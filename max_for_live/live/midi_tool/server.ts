/** A tool's connection to the server: HTTP, at the address that a main device has published or the default. */

import type { NewHttpRequest, Scheduler } from "../../core/host/ports.ts";
import { DEFAULT_HTTP, HttpMonitor } from "../../core/transport/http_monitor.ts";
import type { Generator } from "../../core/transport/messages.ts";
import type { Call, Transport } from "../../core/transport/transport.ts";
import { SharedDict } from "../dicts.ts";

/** Seconds between requests for the list. */
const TIMES = { calm: 15, loading: 1 } as const;

export class ToolServer {
  generators: Generator[] = [];
  private readonly shared = new SharedDict();
  private readonly watch: HttpMonitor | null;
  private listing: Call | null = null;
  private forget: () => void = () => {};
  private last: Transport | null = null;

  constructor(
    newRequest: NewHttpRequest | null,
    private readonly scheduler: Scheduler,
    private readonly changed: () => void,
  ) {
    const addresses = () => [
      ...new Set([this.shared.read().http, DEFAULT_HTTP].filter((one) => one)),
    ];
    this.watch = newRequest && new HttpMonitor(newRequest, scheduler, addresses, () => this.look());
  }

  get transport(): Transport | null {
    return this.watch?.transport ?? null;
  }

  /** Whether a check for a server has completed. */
  get hasChecked(): boolean {
    return this.watch === null || this.watch.hasChecked;
  }

  start(): void {
    this.watch?.start();
  }

  close(): void {
    this.forget();
    this.listing?.cancel();
    this.watch?.stop();
    this.shared.close();
  }

  private look(): void {
    const transport = this.transport;
    if (transport !== this.last) {
      this.last = transport;
      this.listing?.cancel();
      this.forget();
      if (transport !== null) this.list(transport);
    }
    this.changed();
  }

  private list(transport: Transport): void {
    this.listing = transport.listGenerators({
      next: (generators) => {
        this.generators = generators;
        const loading = generators.some(({ status }) => status === "GENERATOR_STATUS_LOADING");
        this.again(loading ? TIMES.loading : TIMES.calm);
        this.changed();
      },
      done: () => {},
      failed: () => {
        this.again(TIMES.loading);
        this.watch?.reportUnavailable();
      },
    });
  }

  private again(seconds: number): void {
    this.forget();
    this.forget = this.scheduler.after(seconds, () => {
      if (this.transport !== null) this.list(this.transport);
    });
  }
}
