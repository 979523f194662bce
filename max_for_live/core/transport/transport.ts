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

/** The one line to type where the program is missing. */
export const INSTALL_LINE = "pip install magenta-bridge";

export const NO_SERVER: Failure = {
  code: "unavailable",
  reason: "NO_SERVER",
  message: "No server answers; press Reconnect, or type: magenta-bridge serve",
};

export function lostServer(): Failure {
  return {
    code: "unavailable",
    reason: "SERVER_LOST",
    message: "The server has gone in the middle of the work; press again when it is back.",
  };
}

export function tooLate(seconds: number): Failure {
  return {
    code: "deadline_exceeded",
    message: `The server has not answered within ${seconds} seconds; ask for fewer bars.`,
  };
}

/** The sentence to show: what is wrong, and when to try again where the server said so. */
export function sentenceOf(failure: Failure): string {
  const said = failure.message.trim() || `The server refused (${failure.code}).`;
  if (failure.retryAfter === undefined || /again/i.test(said)) return said;
  const seconds = Math.max(1, Math.ceil(failure.retryAfter));
  return `${withStop(said)} Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
}

/** The message of whatever was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
