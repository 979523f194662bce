/** The server over gRPC, with requests and responses in protobuf's JSON form. */

import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";

import {
  type Call,
  errorMessage,
  type Failure,
  type Listener,
} from "../core/transport/transport.ts";
import { failureOf } from "./failure.ts";
import { type Method, methodOf } from "./schema.ts";

const SERVICE = "magenta_bridge.v1.GenerationService";
const LIST = methodOf(SERVICE, "ListGenerators");
const STREAM = methodOf(SERVICE, "StreamGenerate");
const CHECK = methodOf("grpc.health.v1.Health", "Check");

/** How servers of other programs and versions respond to a health check for our service. */
const OTHERS = new Set(["not_found", "unimplemented"]);

/** Seconds. */
const TIMEOUTS = { list: 10, generate: 300 };
const MAX_PAGES = 50;

const OPTIONS = {
  // Localhost must bypass proxies.
  "grpc.enable_http_proxy": 0,
  "grpc.max_receive_message_length": 64 << 20,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2_000,
};

/** A stream with flow control by its reader. */
export interface StreamCall extends Call {
  more(): void;
}

export class ServerClient {
  private readonly client: Client;

  constructor(
    /** HOST:PORT. */
    readonly address: string,
  ) {
    this.client = new Client(address, credentials.createInsecure(), OPTIONS);
  }

  /** Return all pages of the list, in one value. */
  list(listener: Listener<object[]>): Call {
    const found: object[] = [];
    let current: Call = { cancel: () => {} };
    let cancelled = false;
    const page = (pageToken: string, left: number): void => {
      current = this.unary(LIST, { pageToken }, TIMEOUTS.list, (failure, response) => {
        if (cancelled) return;
        if (failure) return listener.failed(failure);
        const { generators = [], nextPageToken } = response as Page;
        found.push(...generators);
        if (nextPageToken && left > 0) return page(nextPageToken, left - 1);
        listener.next(found);
        listener.done();
      });
    };
    page("", MAX_PAGES);
    return {
      cancel: () => {
        cancelled = true;
        current.cancel();
      },
    };
  }

  /** Read nothing more until `more`, so that a slow reader slows the server. */
  stream(request: object, listener: Listener<object>): StreamCall {
    let bytes: Buffer;
    try {
      bytes = STREAM.request.write(request);
    } catch (thrown) {
      listener.failed({ code: "invalid_argument", message: errorMessage(thrown) });
      return { cancel: () => {}, more: () => {} };
    }
    const call = this.client.makeServerStreamRequest(
      STREAM.path,
      (ready: Buffer) => ready,
      (response) => STREAM.response.read(response),
      bytes,
      new Metadata(),
      { deadline: deadline(TIMEOUTS.generate) },
    );
    return follow(call, listener);
  }

  /** Check the health; respond with null if it is a healthy server of this program and version. */
  check(seconds: number, response: (failure: Failure | null) => void): Call {
    return this.unary(CHECK, { service: SERVICE }, seconds, (failure, value) => {
      const { status } = (value ?? {}) as { status?: string };
      if (failure && OTHERS.has(failure.code)) {
        const message = `The server at ${this.address} is not Magenta Bridge of this version.`;
        response({ code: "unavailable", message });
      } else if (failure) response(failure);
      else if (status === "SERVING") response(null);
      else response({ code: "unavailable", message: "The server is stopping." });
    });
  }

  close(): void {
    this.client.close();
  }

  private unary(
    method: Method,
    request: object,
    seconds: number,
    response: (failure: Failure | null, value?: object) => void,
  ): Call {
    const call = this.client.makeUnaryRequest(
      method.path,
      (value: object) => method.request.write(value),
      (bytes) => method.response.read(bytes),
      request,
      new Metadata(),
      { deadline: deadline(seconds) },
      (error, value) => response(error ? failureOf(error) : null, value),
    );
    return { cancel: () => call.cancel() };
  }
}

interface Page {
  generators?: object[];
  nextPageToken?: string;
}

/** The end may arrive while the last value is being read; report it afterwards. */
function follow(call: ClientReadableStream<object>, listener: Listener<object>): StreamCall {
  let reading = false;
  let over = false;
  let pendingEnd: (() => void) | null = null;
  const end = (finish: () => void) => {
    if (over || pendingEnd) return;
    pendingEnd = finish;
    if (!reading) finish();
  };
  call.on("data", (value: object) => {
    call.pause();
    if (over) return;
    reading = true;
    listener.next(value);
  });
  call.on("end", () => end(() => listener.done()));
  call.on("error", (error: ServiceError) => end(() => listener.failed(failureOf(error))));
  return {
    more: () => {
      if (over || !reading) return;
      reading = false;
      if (pendingEnd) pendingEnd();
      else call.resume();
    },
    cancel: () => {
      over = true;
      call.cancel();
      // Read the buffered values, or the stream never ends.
      call.resume();
    },
  };
}

function deadline(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000);
}
