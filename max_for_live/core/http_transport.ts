/**
 * The server over HTTP with JSON, for a device whose Node does not start.
 *
 * Max's XMLHttpRequest hands answers out whole, so each variation is a call of its own: that gives
 * progress, and cancelling ends what has not begun. Variation i has the seed plus i either way.
 */

import { NO_SERVER, tooLate } from "./failures.ts";
import { readFailure } from "./http_failure.ts";
import type { Later } from "./later.ts";
import type {
  GenerateRequest,
  GenerateResponse,
  Generator,
  ListGeneratorsResponse,
  StreamGenerateResponse,
} from "./messages.ts";
import type { HttpRequest, NewHttpRequest } from "./ports.ts";
import { nextSeed } from "./seeds.ts";
import type { Call, Failure, Listener, Transport } from "./transport.ts";

const SERVICE = "/magenta_bridge.v1.GenerationService/";
/** Seconds; the server itself gives up after 60. */
const PATIENCE = { list: 10, generate: 70, health: 3 };
const DONE = 4;
const MOST_PAGES = 50;

type Answer = (status: number, text: string) => void;

export class HttpTransport implements Transport {
  readonly name = "HTTP";

  constructor(
    /** Such as "http://127.0.0.1:50052". */
    readonly address: string,
    private readonly newRequest: NewHttpRequest,
    private readonly later: Later,
  ) {}

  listGenerators(listener: Listener<Generator[]>): Call {
    const found: Generator[] = [];
    const whole = new Chain();
    const page = (token: string, left: number): Call =>
      this.call<ListGeneratorsResponse>("ListGenerators", { pageToken: token }, PATIENCE.list, {
        answered: (answer) => {
          found.push(...(answer.generators ?? []));
          const more = answer.nextPageToken;
          if (more && left > 0) return whole.go(() => page(more, left - 1));
          listener.next(found);
          listener.done();
        },
        failed: (failure) => listener.failed(failure),
      });
    whole.go(() => page("", MOST_PAGES));
    return whole;
  }

  generate(request: GenerateRequest, listener: Listener<StreamGenerateResponse>): Call {
    const count = Math.max(1, request.variations ?? 1);
    const whole = new Chain();
    const one = (variation: number, seed: string | undefined, first: string | undefined): Call =>
      this.call<GenerateResponse>("Generate", single(request, variation, seed), PATIENCE.generate, {
        answered: (answer) => {
          const used = first ?? answer.seed ?? seed ?? "0";
          listener.next(piece(answer, variation, used));
          if (whole.cancelled) return;
          if (variation + 1 === count) return listener.done();
          whole.go(() => one(variation + 1, nextSeed(answer.seed ?? seed ?? "0"), used));
        },
        failed: (failure) => listener.failed(failure),
      });
    whole.go(() => one(0, request.seed, undefined));
    return whole;
  }

  /** Whether the server is there and well; costs it next to nothing. */
  health(answered: (well: boolean) => void): Call {
    return this.send("GET", "/healthz", undefined, PATIENCE.health, (status) => {
      answered(status === 200);
    });
  }

  private call<T>(
    method: string,
    message: object,
    patience: number,
    heard: { answered(answer: T): void; failed(failure: Failure): void },
  ): Call {
    return this.send(
      "POST",
      SERVICE + method,
      JSON.stringify(message),
      patience,
      (status, text) => {
        if (status === 0) return heard.failed(text === "" ? NO_SERVER : tooLate(patience));
        if (status !== 200) return heard.failed(readFailure(status, text));
        let answer: T;
        try {
          answer = JSON.parse(text) as T;
        } catch {
          return heard.failed({ code: "internal", message: "The server's answer is no JSON." });
        }
        heard.answered(answer);
      },
    );
  }

  /** Answers once: with the status and the body, or with 0, and a text when it was too late. */
  private send(
    verb: string,
    path: string,
    body: string | undefined,
    patience: number,
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
    const forget = this.later.after(patience, () => {
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

/** Calls of which each begins when the one before has ended. */
class Chain implements Call {
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

function piece(answer: GenerateResponse, variation: number, seed: string): StreamGenerateResponse {
  const chunk = answer.sequences?.[0] ?? {};
  const notices = variation === 0 ? (answer.notices ?? []) : [];
  return { variation, chunk, completeUntil: chunk.totalTime ?? 0, last: true, seed, notices };
}

function abort(request: HttpRequest): void {
  try {
    request.abort?.();
  } catch {
    // It has ended by itself.
  }
}
