/** Looks for a server's HTTP port, and looks whether it is still well. */

import type { NewHttpRequest } from "../host/ports.ts";
import type { Later } from "../host/scheduler.ts";
import { HttpTransport } from "./http_transport.ts";
import type { Call } from "./transport.ts";

/** Where `magenta-bridge serve` answers when it is not told otherwise. */
export const USUAL_HTTP = "http://127.0.0.1:50052";

/** Seconds between looks. */
export const HTTP_TIMES = { well: 5, pauses: [1, 2, 4, 8] } as const;
/** Looks in vain after which a server that was there is gone: it may have been busy for a moment. */
const MISSES = 2;

export class HttpWatch {
  /** null while no server answers. */
  transport: HttpTransport | null = null;
  /** Whether an answer, or none, is known. */
  hasLooked = false;
  private tries = 0;
  private misses = 0;
  private running = false;
  private look: Call | null = null;
  private forget: () => void = () => {};

  constructor(
    private readonly newRequest: NewHttpRequest,
    private readonly later: Later,
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
    this.forget();
    this.look?.cancel();
    this.look = null;
    this.transport = null;
  }

  /** A call has failed: look at once. */
  doubt(): void {
    if (!this.running) return;
    this.look?.cancel();
    this.try();
  }

  private try(): void {
    this.forget();
    const known = this.transport?.address;
    const addresses = this.addresses();
    const address = known ?? addresses[this.tries % addresses.length] ?? USUAL_HTTP;
    const transport = this.transport ?? new HttpTransport(address, this.newRequest, this.later);
    this.look = transport.health((well) => this.take(transport, well));
  }

  private take(transport: HttpTransport, well: boolean): void {
    const before = this.transport;
    this.look = null;
    this.hasLooked = true;
    this.misses = well ? 0 : this.misses + 1;
    if (before && !well && this.misses < MISSES) {
      this.forget = this.later.after(HTTP_TIMES.pauses[0], () => this.try());
      return;
    }
    this.transport = well ? transport : null;
    this.tries = well ? 0 : this.tries + 1;
    const pauses = HTTP_TIMES.pauses;
    const pause = pauses[Math.min(this.tries, pauses.length) - 1];
    this.forget = this.later.after(well ? HTTP_TIMES.well : (pause ?? 1), () => this.try());
    if (before !== this.transport || !well) this.changed();
  }
}
