/** A tool's connection over HTTP, at the address that a main device has published or the default. */

import type { NewHttpRequest, Scheduler } from "../../core/host/ports.ts";
import { GeneratorPoller } from "../../core/transport/generator_poller.ts";
import { DEFAULT_HTTP, HttpMonitor } from "../../core/transport/http_monitor.ts";
import type { Generator } from "../../core/transport/messages.ts";
import type { Transport } from "../../core/transport/transport.ts";
import { SharedDict } from "../dicts.ts";

export class ToolServer {
  generators: Generator[] = [];
  private readonly shared = new SharedDict();
  private readonly monitor: HttpMonitor | null;
  private readonly list: GeneratorPoller;
  private last: Transport | null = null;

  constructor(
    newRequest: NewHttpRequest | null,
    scheduler: Scheduler,
    private readonly changed: () => void,
  ) {
    const addresses = () => [
      ...new Set([this.shared.read().http, DEFAULT_HTTP].filter((one) => one)),
    ];
    this.monitor =
      newRequest && new HttpMonitor(newRequest, scheduler, addresses, () => this.update());
    this.list = new GeneratorPoller(scheduler, {
      listed: (generators) => {
        this.generators = generators;
        changed();
      },
      failed: () => this.monitor?.reportUnavailable(),
    });
  }

  get transport(): Transport | null {
    return this.monitor?.transport ?? null;
  }

  /** Whether a check for a server has completed. */
  get hasChecked(): boolean {
    return this.monitor === null || this.monitor.hasChecked;
  }

  start(): void {
    this.monitor?.start();
  }

  close(): void {
    this.list.use(null);
    this.monitor?.stop();
    this.shared.close();
  }

  private update(): void {
    if (this.transport !== this.last) {
      this.last = this.transport;
      this.list.use(this.last);
    }
    this.changed();
  }
}
