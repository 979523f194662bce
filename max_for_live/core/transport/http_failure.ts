/** Reads the errors of the Connect protocol: a code, a message, and details under `debug`. */

import type { Failure } from "./transport.ts";

interface Detail {
  type?: string;
  debug?: { reason?: string; retryDelay?: string };
}

interface ConnectError {
  code?: string;
  message?: string;
  details?: Detail[];
}

/** What a status means where something else than our server has answered. */
const BY_STATUS: Record<number, string> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  429: "unavailable",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

export function readFailure(status: number, text: string): Failure {
  const error = parse(text);
  const failure: Failure = {
    code: error.code ?? BY_STATUS[status] ?? "unknown",
    message: error.message || `The server answered with ${status}; is it Magenta Bridge's?`,
  };
  const details = Array.isArray(error.details) ? error.details : [];
  const reason = find(details, "ErrorInfo")?.reason;
  const delay = find(details, "RetryInfo")?.retryDelay;
  if (reason) failure.reason = reason;
  const seconds = delay === undefined ? Number.NaN : Number.parseFloat(delay);
  if (seconds >= 0) failure.retryAfter = seconds;
  return failure;
}

function find(details: Detail[], type: string): Detail["debug"] {
  return details.find((detail) => detail?.type?.endsWith(`.${type}`))?.debug;
}

function parse(text: string): ConnectError {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
