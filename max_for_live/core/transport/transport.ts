/** How a device reaches the server; one interface, over gRPC in Node or over HTTP without it. */

import type { GenerateRequest, Generator, StreamGenerateResponse } from "./messages.ts";

/** Why a call did not succeed. */
export interface Failure {
  /** gRPC's status in small letters, as Connect writes it: "unavailable", "invalid_argument", ... */
  code: string;
  /** One sentence for the musician: what is wrong and what to do. */
  message: string;
  /** Reason of the ErrorInfo, when the server sent one: "OVERLOADED", "RATE_LIMITED", ... */
  reason?: string;
  /** Seconds to wait before the call may be sent again, when the server said so. */
  retryAfter?: number;
}

/** Hears of a call; after `done` or `failed` nothing more comes. */
export interface Listener<T> {
  next(value: T): void;
  done(): void;
  failed(failure: Failure): void;
}

/** A call under way. */
export interface Call {
  /** Ends it; the listener hears nothing more. Harmless when it has ended. */
  cancel(): void;
}

/** Max's JavaScript has no event loop to rely on for promises, hence callbacks. */
export interface Transport {
  readonly name: "gRPC" | "HTTP";
  /** All pages of the list, in one value. */
  listGenerators(listener: Listener<Generator[]>): Call;
  /** Each variation comes in pieces and ends with one marked `last`. */
  generate(request: GenerateRequest, listener: Listener<StreamGenerateResponse>): Call;
}
