/** What went wrong with a call, in one sentence for the musician. */

import type { Failure } from "./transport.ts";

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
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
