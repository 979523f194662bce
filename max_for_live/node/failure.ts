/** Converts gRPC errors, with the server's error details. */

import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";

import type { Failure } from "../core/transport/transport.ts";
import { codecOf } from "./schema.ts";

interface Any {
  typeUrl?: string;
  value?: string;
}

const STATUS = codecOf("google.rpc.Status");
const ERROR_INFO = codecOf("google.rpc.ErrorInfo");
const RETRY_INFO = codecOf("google.rpc.RetryInfo");

export function failureOf(error: ServiceError): Failure {
  const failure: Failure = {
    code: (status[error.code] ?? "UNKNOWN").toLowerCase(),
    message: messageOf(error),
  };
  try {
    addDetails(failure, error.metadata);
  } catch {
    // Ignore malformed details.
  }
  return failure;
}

function messageOf(error: ServiceError): string {
  if (!hasDetails(error.metadata)) {
    if (error.code === status.UNAVAILABLE) {
      return "The server stopped responding; looking for another.";
    }
    if (error.code === status.DEADLINE_EXCEEDED) {
      return "The server did not respond in time. Generate fewer bars.";
    }
  }
  return error.details || error.message;
}

function hasDetails(metadata: Metadata | undefined): boolean {
  return (metadata?.get("grpc-status-details-bin").length ?? 0) > 0;
}

function addDetails(failure: Failure, metadata: Metadata | undefined): void {
  const packed = metadata?.get("grpc-status-details-bin")[0];
  if (!packed || typeof packed === "string") return;
  const { details = [] } = STATUS.read(packed) as { details?: Any[] };
  for (const { typeUrl = "", value = "" } of details) {
    const bytes = Buffer.from(value, "base64");
    if (typeUrl.endsWith("/google.rpc.ErrorInfo")) {
      const { reason } = ERROR_INFO.read(bytes) as { reason?: string };
      if (reason) failure.reason = reason;
    } else if (typeUrl.endsWith("/google.rpc.RetryInfo")) {
      const { retryDelay } = RETRY_INFO.read(bytes) as { retryDelay?: Delay };
      if (retryDelay) failure.retryAfter = secondsOf(retryDelay);
    }
  }
}

interface Delay {
  seconds?: string;
  nanos?: number;
}

function secondsOf({ seconds = "0", nanos = 0 }: Delay): number {
  return Number(seconds) + nanos / 1e9;
}
