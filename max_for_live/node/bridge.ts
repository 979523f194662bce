/** The Node half's handlers for the device's messages. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { type DictObject, decode, encode } from "../core/host/dict_codec.ts";
import { FROM_NODE, PROTOCOL_VERSION, TO_NODE } from "../core/transport/protocol.ts";
import {
  type Call,
  errorMessage,
  type Failure,
  type Listener,
  NOT_CONNECTED,
  SERVER_LOST,
} from "../core/transport/transport.ts";
import { nativePath } from "./program.ts";
import type { ServerClient, StreamCall } from "./server_client.ts";
import { ServerSupervisor } from "./server_supervisor.ts";
import { SharedStateFolder } from "./shared_state_folder.ts";

type Word = string | number;

/** The part of max-api that is used. */
export interface Max {
  addHandler(selector: string, handler: (...words: Word[]) => void): void;
  outlet(...words: Word[]): Promise<void>;
  getDict(name: string): Promise<object>;
  setDict(name: string, content: DictObject): Promise<unknown>;
}

/** Max may drop an empty text. */
const EMPTY = "-";
const CANCELLED: Failure = { code: "cancelled", message: "Canceled." };
const NO_SERVER: Failure = {
  code: "unavailable",
  reason: "NO_SERVER",
  message: NOT_CONNECTED,
};

interface Open {
  call: Partial<StreamCall> & Call;
  answer: string;
}

export class Bridge {
  private readonly supervisor: ServerSupervisor;
  private readonly open = new Map<number, Open>();

  constructor(private readonly max: Max) {
    this.supervisor = new ServerSupervisor(new SharedStateFolder(), {
      state: ({ state, grpc, http, text }) =>
        this.send(FROM_NODE.state, state, grpc || EMPTY, http || EMPTY, text || EMPTY),
      lost: () => this.failAll(SERVER_LOST),
    });
  }

  /** Send `ready` when every handler is registered. */
  start(): void {
    const handlers: Record<string, (...words: Word[]) => void> = {
      [TO_NODE.hello]: () => this.sendReady(),
      [TO_NODE.connect]: (target) => this.supervisor.connect(String(target ?? "auto")),
      [TO_NODE.call]: (id, method, request, answer) =>
        void this.call(Number(id), String(method), String(request), String(answer)),
      [TO_NODE.more]: (id) => this.open.get(Number(id))?.call.more?.(),
      [TO_NODE.cancel]: (id) => this.cancel(Number(id)),
      [TO_NODE.program]: (...path) => this.supervisor.useProgram(pathOf(path)),
      [TO_NODE.report]: (id, path, report) =>
        void this.report(Number(id), String(path), String(report)),
      [TO_NODE.closing]: () => this.close(),
    };
    for (const [selector, handler] of Object.entries(handlers)) {
      this.max.addHandler(selector, handler);
    }
    this.sendReady();
  }

  /** Close without waiting: it may be called from an exit handler. */
  close(): void {
    for (const { call } of this.open.values()) call.cancel();
    this.open.clear();
    this.supervisor.close();
  }

  private sendReady(): void {
    this.send(FROM_NODE.ready, PROTOCOL_VERSION, process.version);
    this.supervisor.announce();
  }

  private async call(id: number, method: string, dict: string, answer: string): Promise<void> {
    const entry: Open = { call: { cancel: () => {} }, answer };
    this.open.set(id, entry);
    try {
      const request = decode(await this.max.getDict(dict)) as object;
      // The call may have been canceled in the meantime.
      if (this.open.get(id) !== entry) return;
      entry.call = this.startCall(id, method, request);
    } catch (thrown) {
      this.end(id, internalFailure(thrown));
    }
  }

  private startCall(id: number, method: string, request: object): Open["call"] {
    const client = this.supervisor.client;
    const listener: Listener<object> = {
      next: (value) => void this.sendValue(id, value),
      done: () => this.end(id, null),
      failed: (failure) => this.end(id, failure),
    };
    if (!client) listener.failed(NO_SERVER);
    else if (method === "ListGenerators") return this.list(client, id, listener);
    else if (method === "StreamGenerate") return client.stream(request, listener);
    else listener.failed({ code: "unimplemented", message: `Node does not support ${method}.` });
    return { cancel: () => {} };
  }

  /** The list is one value; the call ends when it has been read. */
  private list(client: ServerClient, id: number, listener: Listener<object>): Open["call"] {
    const call = client.list({ ...listener, done: () => {} });
    return { cancel: () => call.cancel(), more: () => this.end(id, null) };
  }

  private async sendValue(id: number, value: object): Promise<void> {
    const entry = this.open.get(id);
    if (!entry) return;
    try {
      await this.max.setDict(entry.answer, encode(value));
      if (this.open.get(id) === entry) this.send(FROM_NODE.value, id);
    } catch (thrown) {
      if (this.open.get(id) !== entry) return;
      entry.call.cancel();
      this.end(id, internalFailure(thrown));
    }
  }

  private cancel(id: number): void {
    this.open.get(id)?.call.cancel();
    // Confirm even an unknown call: its dictionaries wait for it.
    this.open.delete(id);
    this.fail(id, CANCELLED);
  }

  private end(id: number, failure: Failure | null): void {
    if (!this.open.delete(id)) return;
    if (failure) this.fail(id, failure);
    else this.send(FROM_NODE.done, id);
  }

  private failAll(failure: Failure): void {
    for (const [id, { call }] of [...this.open]) {
      call.cancel();
      this.end(id, failure);
    }
  }

  private async report(id: number, path: string, dict: string): Promise<void> {
    try {
      const report = decode(await this.max.getDict(dict));
      const file = nativePath(path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
      this.send(FROM_NODE.done, id);
    } catch (thrown) {
      this.fail(id, internalFailure(thrown));
    }
  }

  private fail(id: number, { code, retryAfter = -1, reason, message }: Failure): void {
    this.send(FROM_NODE.failed, id, code, retryAfter, reason || EMPTY, message || EMPTY);
  }

  private send(...words: Word[]): void {
    // It fails while Max is quitting.
    this.max.outlet(...words).catch(() => {});
  }
}

function internalFailure(thrown: unknown): Failure {
  return { code: "internal", message: errorMessage(thrown) };
}

/** Join a path with spaces; an empty path may arrive as nothing, as 0 or as "-". */
function pathOf(words: Word[]): string {
  const path = words.join(" ").trim();
  return path === "0" || path === EMPTY ? "" : path;
}
