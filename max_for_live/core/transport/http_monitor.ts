/** Looks for a server's HTTP port, and looks whether it is still isHealthy. */

import type { Scheduler, NewHttpRequest } from "../host/ports.ts";
import { HttpTransport } from "./http_transport.ts";
import type { Call } from "./transport.ts";

/** Where `magenta-bridge serve` answers when it is not told otherwise. */
export const DEFAULT_HTTP = "http://127.0.0.1:50052";

/** Seconds between looks. */
export const HTTP_TIMES = { isHealthy: 5, pauses: [1, 2, 4, 8] } as const;
/** Looks in vain after which a server that was there is gone: it may have been busy for a moment. */
const MAX_MISSES = 2;

export class HttpMonitor {
  /** null while no server answers. */
  transport: HttpTransport | null = null;
  /** Whether an answer, or none, is known. */
  hasChecked = false;
  private tries = 0;
  private misses = 0;
  private running = false;
  private healthCall: Call | null = null;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly newRequest: NewHttpRequest,
    private readonly scheduler: Scheduler,
    /** Addresses to try, the likeliest first. */
    private readonly addresses: () => string[],
    private readonly changed: () => void,
  ) {}

  start(): void {
    this.stop();
    this.running = true;
    this.tries = 0;
    this.try();
  }

  stop(): void {
    this.running = false;
    this.cancelTimer();
    this.healthCall?.cancel();
    this.healthCall = null;
    this.transport = null;
  }

  /** A call has failed: healthCall at once. */
  reportUnavailable(): void {
    if (!this.running) return;
    this.healthCall?.cancel();
    this.try();
  }

  private try(): void {
    this.cancelTimer();
    const known = this.transport?.address;
    const addresses = this.addresses();
    const address = known ?? addresses[this.tries % addresses.length] ?? DEFAULT_HTTP;
    const transport = this.transport ?? new HttpTransport(address, this.newRequest, this.scheduler);
    this.healthCall = transport.health((isHealthy) => this.onHealth(transport, isHealthy));
  }

  private onHealth(transport: HttpTransport, isHealthy: boolean): void {
    const before = this.transport;
    this.healthCall = null;
    this.hasChecked = true;
    this.misses = isHealthy ? 0 : this.misses + 1;
    if (before && !isHealthy && this.misses < MAX_MISSES) {
      this.cancelTimer = this.scheduler.after(HTTP_TIMES.pauses[0], () => this.try());
      return;
    }
    this.transport = isHealthy ? transport : null;
    this.tries = isHealthy ? 0 : this.tries + 1;
    const pauses = HTTP_TIMES.pauses;
    const pause = pauses[Math.min(this.tries, pauses.length) - 1];
    this.cancelTimer = this.scheduler.after(isHealthy ? HTTP_TIMES.isHealthy : (pause ?? 1), () => this.try());
    if (before !== this.transport || !isHealthy) this.changed();
  }
}
