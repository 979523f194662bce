/** How a device reaches the server: one interface, over gRPC in Node or over HTTP without it. */

import type { GenerateRequest, Generator, StreamGenerateResponse } from "./messages.ts";

/** Why a call failed. */
export interface Failure {
  /** gRPC's status in lower case, as in Connect: "unavailable", "invalid_argument", ... */
  code: string;
  /** Message for the user: what is wrong and what to do. */
  message: string;
  /** Reason of the server's ErrorInfo: "OVERLOADED", "RATE_LIMITED", ... */
  reason?: string;
  /** Seconds to wait before a retry, from the server. */
  retryAfter?: number;
}

/** Receives the results of a call; nothing follows `done` or `failed`. */
export interface Listener<T> {
  next(value: T): void;
  done(): void;
  failed(failure: Failure): void;
}

/** A call in flight. */
export interface Call {
  /** Cancel; the listener receives nothing more. No effect after the end. */
  cancel(): void;
}

/** Uses callbacks: Max's JavaScript has no reliable event loop for promises. */
export interface Transport {
  readonly name: "gRPC" | "HTTP";
  /** All pages of the list, in one value. */
  listGenerators(listener: Listener<Generator[]>): Call;
  /** Each variation arrives in parts and ends with one marked `last`. */
  generate(request: GenerateRequest, listener: Listener<StreamGenerateResponse>): Call;
}

/** Command that installs the program. */
export const INSTALL_LINE = "pip install magenta-bridge";

export const NOT_CONNECTED = "No server is connected. Wait, or press Reconnect.";

export const NO_SERVER: Failure = {
  code: "unavailable",
  reason: "NO_SERVER",
  message: "No server responds. Press Reconnect, or run in a terminal: magenta-bridge serve",
};

export const SERVER_LOST: Failure = {
  code: "unavailable",
  reason: "SERVER_LOST",
  message: "The server stopped during generation. Press again when it is back.",
};

export function tooLate(seconds: number): Failure {
  return {
    code: "deadline_exceeded",
    message: `The server did not respond within ${seconds} seconds. Generate fewer bars.`,
  };
}

/** Return the message to show, with the time of a retry if the server sent one. */
export function sentenceOf(failure: Failure): string {
  const message = failure.message.trim() || `The server refused (${failure.code}).`;
  if (failure.retryAfter === undefined || /again/i.test(message)) return message;
  const seconds = Math.max(1, Math.ceil(failure.retryAfter));
  return `${withPeriod(message)} Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
}

/** Return the message of anything that was thrown. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function withPeriod(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
