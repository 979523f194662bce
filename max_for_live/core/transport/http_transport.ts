/**
 * The server over HTTP with JSON, for a device whose Node does not start.
 *
 * Max's XMLHttpRequest delivers whole responses only, so each variation is a separate call: that
 * gives progress, and cancelling stops the remaining calls. Variation i has the seed plus i in any
 * case.
 */

import { nextSeed } from "../generation/seeds.ts";
import type { HttpRequest, NewHttpRequest, Scheduler } from "../host/ports.ts";
import type {
  GenerateRequest,
  GenerateResponse,
  Generator,
  ListGeneratorsResponse,
  StreamGenerateResponse,
} from "./messages.ts";
import {
  type Call,
  type Failure,
  type Listener,
  NO_SERVER,
  type Transport,
  tooLate,
} from "./transport.ts";

const SERVICE = "/magenta_bridge.v1.GenerationService/";
/** Seconds; the server's own timeout is 60. */
const TIMEOUTS = { list: 10, generate: 70, health: 3 };
const DONE = 4;
const MAX_PAGES = 50;

/** In the response of a healthy server. */
const API = "magenta_bridge.v1";

type Answer = (status: number, text: string) => void;

export class HttpTransport implements Transport {
  readonly name = "HTTP";

  constructor(
    /** Such as "http://127.0.0.1:50052". */
    readonly address: string,
    private readonly newRequest: NewHttpRequest,
    private readonly scheduler: Scheduler,
  ) {}

  listGenerators(listener: Listener<Generator[]>): Call {
    const found: Generator[] = [];
    const whole = new CallSequence();
    const page = (token: string, left: number): Call =>
      this.call<ListGeneratorsResponse>("ListGenerators", { pageToken: token }, TIMEOUTS.list, {
        succeeded: (answer) => {
          found.push(...(answer.generators ?? []));
          const more = answer.nextPageToken;
          if (more && left > 0) return whole.go(() => page(more, left - 1));
          listener.next(found);
          listener.done();
        },
        failed: (failure) => listener.failed(failure),
      });
    whole.go(() => page("", MAX_PAGES));
    return whole;
  }

  generate(request: GenerateRequest, listener: Listener<StreamGenerateResponse>): Call {
    const count = Math.max(1, request.variations ?? 1);
    const whole = new CallSequence();
    const one = (variation: number, seed: string | undefined, first: string | undefined): Call =>
      this.call<GenerateResponse>("Generate", single(request, variation, seed), TIMEOUTS.generate, {
        succeeded: (answer) => {
          const used = first ?? answer.seed ?? seed ?? "0";
          listener.next(responseOf(answer, variation, used));
          if (whole.cancelled) return;
          if (variation + 1 === count) return listener.done();
          whole.go(() => one(variation + 1, nextSeed(answer.seed ?? seed ?? "0"), used));
        },
        failed: (failure) => listener.failed(failure),
      });
    whole.go(() => one(0, request.seed, undefined));
    return whole;
  }

  /** Check whether it is a healthy server of this program and version; this is cheap. */
  health(succeeded: (well: boolean) => void): Call {
    return this.send("GET", "/healthz", undefined, TIMEOUTS.health, (status, text) => {
      succeeded(status === 200 && text.includes(API));
    });
  }

  private call<T>(
    method: string,
    message: object,
    seconds: number,
    handlers: { succeeded(answer: T): void; failed(failure: Failure): void },
  ): Call {
    return this.send("POST", SERVICE + method, JSON.stringify(message), seconds, (status, text) => {
      if (status === 0) return handlers.failed(text === "" ? NO_SERVER : tooLate(seconds));
      if (status !== 200) return handlers.failed(readFailure(status, text));
      let answer: T;
      try {
        answer = JSON.parse(text) as T;
      } catch {
        return handlers.failed({ code: "internal", message: "The response is not JSON." });
      }
      handlers.succeeded(answer);
    });
  }

  /** Call `answer` once: with status and body, or with 0, and a text after a timeout. */
  private send(
    verb: string,
    path: string,
    body: string | undefined,
    seconds: number,
    answer: Answer,
  ): Call {
    const request = this.newRequest();
    let open = true;
    const end = (): boolean => {
      const was = open;
      open = false;
      forget();
      request.onreadystatechange = null;
      return was;
    };
    const forget = this.scheduler.after(seconds, () => {
      if (!end()) return;
      abort(request);
      answer(0, "late");
    });
    request.onreadystatechange = () => {
      if (request.readyState !== DONE || !end()) return;
      const status = Number(request.status) || 0;
      answer(status, status === 0 ? "" : request.responseText);
    };
    try {
      request.open(verb, this.address + path);
      if (body !== undefined) request.setRequestHeader("Content-Type", "application/json");
      request.send(body);
    } catch {
      if (end()) answer(0, "");
    }
    return {
      cancel: () => {
        if (end()) abort(request);
      },
    };
  }
}

/** Calls that run one after the other. */
class CallSequence implements Call {
  cancelled = false;
  private current: Call | null = null;

  go(begin: () => Call): void {
    if (!this.cancelled) this.current = begin();
  }

  cancel(): void {
    this.cancelled = true;
    this.current?.cancel();
  }
}

function single(request: GenerateRequest, index: number, seed: string | undefined) {
  const { seed: _, requestId, ...rest } = request;
  return {
    ...rest,
    variations: 1,
    ...(seed === undefined ? {} : { seed }),
    ...(requestId ? { requestId: `${requestId}-${index}` } : {}),
  };
}

function responseOf(
  answer: GenerateResponse,
  variation: number,
  seed: string,
): StreamGenerateResponse {
  const chunk = answer.sequences?.[0] ?? {};
  const notices = variation === 0 ? (answer.notices ?? []) : [];
  return { variation, chunk, completeUntil: chunk.totalTime ?? 0, last: true, seed, notices };
}

function abort(request: HttpRequest): void {
  try {
    request.abort?.();
  } catch {
    // It has already ended.
  }
}

interface Detail {
  type?: string;
  debug?: { reason?: string; retryDelay?: string };
}

interface ConnectError {
  code?: string;
  message?: string;
  details?: Detail[];
}

/** Meaning of a status that does not come from our server. */
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

function readFailure(status: number, text: string): Failure {
  const error = parse(text);
  const failure: Failure = {
    code: error.code ?? BY_STATUS[status] ?? "unknown",
    message: error.message || `The server responded with status ${status}. Is it Magenta Bridge?`,
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
