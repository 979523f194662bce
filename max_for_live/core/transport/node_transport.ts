/**
 * The server over gRPC, through Node.
 *
 * Each call has two dictionaries, one for the request and one that Node fills with each response.
 * They are reused when Node reports the end of the call, so that few names are created.
 */

import { decode, encode } from "../host/dict_codec.ts";
import type { Dicts, NodePort } from "../host/ports.ts";
import type { GenerateRequest, Generator, StreamGenerateResponse } from "./messages.ts";
import { FROM_NODE, TO_NODE } from "./protocol.ts";
import type { Call, Failure, Listener, Transport } from "./transport.ts";
import { errorMessage } from "./transport.ts";

interface Open {
  request: string;
  answer: string;
  /** null after cancellation. */
  listener: Listener<unknown> | null;
}

const INTERRUPTED: Failure = {
  code: "unavailable",
  reason: "NODE_LOST",
  message: "Node for Max stopped during generation. Press again in a moment.",
};

export class NodeTransport implements Transport {
  readonly name = "gRPC";
  private readonly open = new Map<number, Open>();
  private readonly spare: string[] = [];
  private count = 0;

  constructor(
    private readonly port: NodePort,
    private readonly dicts: Dicts,
  ) {}

  listGenerators(listener: Listener<Generator[]>): Call {
    return this.call("ListGenerators", {}, listener as Listener<unknown>);
  }

  generate(request: GenerateRequest, listener: Listener<StreamGenerateResponse>): Call {
    return this.call("StreamGenerate", request, listener as Listener<unknown>);
  }

  /** Write a self-test's report with Node. */
  report(path: string, report: object, listener: Listener<unknown>): Call {
    return this.begin(report, listener, (id, request) => [TO_NODE.report, id, path, request]);
  }

  /** Handle a message of a call; others are ignored. */
  receive(selector: string, words: (string | number)[]): void {
    const id = Number(words[0]);
    const open = this.open.get(id);
    if (open === undefined) return;
    if (selector === FROM_NODE.value) this.next(id, open);
    else if (selector === FROM_NODE.done) this.close(id, open)?.done();
    else if (selector === FROM_NODE.failed) this.close(id, open)?.failed(readFailed(words));
  }

  /** Node has stopped: fail all calls. */
  lost(): void {
    for (const [id, open] of [...this.open]) this.close(id, open)?.failed(INTERRUPTED);
  }

  closing(): void {
    for (const id of this.open.keys()) this.port.send(TO_NODE.cancel, id);
    for (const { request, answer } of this.open.values()) this.spare.push(request, answer);
    this.open.clear();
    for (const name of this.spare.splice(0)) this.dicts.free(name);
  }

  private call(method: string, message: object, listener: Listener<unknown>): Call {
    return this.begin(message, listener, (id, request, answer) => [
      TO_NODE.call,
      id,
      method,
      request,
      answer,
    ]);
  }

  private begin(
    message: object,
    listener: Listener<unknown>,
    words: (id: number, request: string, answer: string) => [string, ...(string | number)[]],
  ): Call {
    this.count += 1;
    const id = this.count;
    const open: Open = { request: this.take(), answer: this.take(), listener };
    this.dicts.write(open.request, encode(message));
    this.open.set(id, open);
    this.port.send(...words(id, open.request, open.answer));
    return { cancel: () => this.cancel(id, open) };
  }

  private next(id: number, open: Open): void {
    if (open.listener === null) return;
    let value: unknown;
    try {
      value = decode(this.dicts.read(open.answer));
    } catch (thrown) {
      this.fail(id, open, { code: "internal", message: errorMessage(thrown) });
      return;
    }
    open.listener.next(value);
    if (open.listener !== null) this.port.send(TO_NODE.more, id);
  }

  private fail(id: number, open: Open, failure: Failure): void {
    const listener = open.listener;
    this.cancel(id, open);
    listener?.failed(failure);
  }

  /** The dictionaries stay in use until Node confirms the cancellation. */
  private cancel(id: number, open: Open): void {
    if (open.listener === null || this.open.get(id) !== open) return;
    open.listener = null;
    this.port.send(TO_NODE.cancel, id);
  }

  private close(id: number, open: Open): Listener<unknown> | null {
    this.open.delete(id);
    this.spare.push(open.request, open.answer);
    const listener = open.listener;
    open.listener = null;
    return listener;
  }

  private take(): string {
    return this.spare.pop() ?? this.dicts.make();
  }
}

function readFailed(words: (string | number)[]): Failure {
  const [, code, retryAfter, reason, ...message] = words;
  const failure: Failure = { code: String(code), message: message.join(" ") };
  if (Number(retryAfter) >= 0) failure.retryAfter = Number(retryAfter);
  if (reason && reason !== "-") failure.reason = String(reason);
  return failure;
}
