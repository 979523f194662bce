/** Finds a server's HTTP port, and checks its health. */

import type { NewHttpRequest, Scheduler } from "../host/ports.ts";
import { HttpTransport } from "./http_transport.ts";
import type { Call } from "./transport.ts";

/** Default address of `magenta-bridge serve`. */
export const DEFAULT_HTTP = "http://127.0.0.1:50052";

/** Seconds between health checks. */
const HTTP_TIMES = { isHealthy: 5, pauses: [1, 2, 4, 8] } as const;
/** Failed checks after which a known server counts as gone: it may have been busy. */
const MAX_MISSES = 2;

export class HttpMonitor {
  /** null while no server responds. */
  transport: HttpTransport | null = null;
  /** Whether a check has completed. */
  hasChecked = false;
  private tries = 0;
  private misses = 0;
  private running = false;
  private healthCall: Call | null = null;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly newRequest: NewHttpRequest,
    private readonly scheduler: Scheduler,
    /** Addresses to try, the most likely first. */
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

  /** A call has failed: check now. */
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
    this.cancelTimer = this.scheduler.after(isHealthy ? HTTP_TIMES.isHealthy : (pause ?? 1), () =>
      this.try(),
    );
    if (before !== this.transport || !isHealthy) this.changed();
  }
}
