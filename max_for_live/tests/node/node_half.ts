/** The built Node half under a real Node; halves that a test leaves are ended after it. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { bundleNode } from "../../build/scripts.ts";
import { decode, encode } from "../../core/host/dict_codec.ts";
import type { SharedServer } from "../../node/shared_state_folder.ts";
import { type DictOptions, DictSpace } from "../../sim/dict.ts";
import { NodeProcess } from "../../sim/node_process.ts";
import { PROGRAM, within } from "../server.ts";

type Word = string | number;

/** Nodes that the bundle has to run under: the oldest that Max has shipped, and this one. */
export const NODES: Readonly<Record<string, string>> = {
  "Node 16": join(import.meta.dirname, "..", "node16", "node_modules", ".bin", "node"),
  [`Node ${process.versions.node.split(".")[0]}`]: process.execPath,
};

/** Contains the bundle, and the folder that devices share unless a test names another. */
const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-half-"));
export const BUNDLE = join(folder, "magenta-bridge-node.js");
const halves: NodeHalf[] = [];

before(async () => writeFileSync(BUNDLE, await bundleNode()));
afterEach(async () => {
  for (const half of halves.splice(0)) {
    await half.stop();
    assert.deepEqual(half.complaints, []);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

export interface NodeHalfOptions {
  node?: string;
  env?: Record<string, string>;
  options?: DictOptions;
  /** Folder that devices share; by default each device has a new one. */
  run?: string;
}

export class NodeHalf {
  readonly outlet: Word[][] = [];
  /** Lines that reached Max's window: there must be none. */
  readonly complaints: string[] = [];
  readonly dicts: DictSpace;
  readonly run: string;
  private readonly process: NodeProcess;
  private readonly waiting = new Set<(words: Word[]) => void>();
  private count = 0;

  constructor({ node = process.execPath, env, options, run }: NodeHalfOptions = {}) {
    this.dicts = new DictSpace(options ?? { listOfOne: "element" });
    this.run = run ?? mkdtempSync(join(folder, "run-"));
    this.process = new NodeProcess({
      node,
      script: BUNDLE,
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        MAGENTA_BRIDGE_RUN: this.run,
        MAGENTA_BRIDGE_PROGRAM: PROGRAM,
        // No server listens there, so that a server of the person who runs the tests is left alone.
        MAGENTA_BRIDGE_PORT: "9",
        // The half must bypass a proxy.
        http_proxy: "http://127.0.0.1:9",
        grpc_proxy: "http://127.0.0.1:9",
        ...env,
      },
      dicts: this.dicts,
      onOutlet: (words) => {
        this.outlet.push(words);
        for (const check of [...this.waiting]) check(words);
      },
      onComplaint: (text) => this.complaints.push(text),
    });
  }

  get pid(): number {
    return this.process.child.pid ?? -1;
  }

  /** The server that a device has published in the shared folder. */
  get server(): SharedServer {
    return JSON.parse(readFileSync(join(this.run, "server.json"), "utf8"));
  }

  send(selector: string, ...words: Word[]): void {
    this.process.send(selector, words);
  }

  /** Connect, and return the state message. */
  async connect(target = "auto"): Promise<Word[]> {
    const since = this.outlet.length;
    this.send("connect", target);
    return this.message(["state", "connected"], since);
  }

  /** Return the first message from index `since` on that begins with these words. */
  message(start: Word[], since = 0): Promise<Word[]> {
    return this.matching((words) => start.every((word, index) => words[index] === word), since);
  }

  matching(fits: (words: Word[]) => boolean, since = 0): Promise<Word[]> {
    const past = this.outlet.slice(since).find(fits);
    if (past) return Promise.resolve(past);
    const found = new Promise<Word[]>((resolve) => {
      const check = (words: Word[]) => {
        if (!fits(words)) return;
        this.waiting.delete(check);
        resolve(words);
      };
      this.waiting.add(check);
    });
    return within("a message", found).catch((error: Error) => {
      const seen = this.outlet.slice(-5).map((words) => words.join(" "));
      throw new Error(`${error.message} Last messages: ${seen.join("; ")}`);
    });
  }

  /** Begin a call; its dictionaries are named by its id. */
  call(method: string, request: object): number {
    this.count += 1;
    const id = this.count;
    for (const name of [`request_${id}`, `answer_${id}`]) this.dicts.open(name);
    this.dicts.write(`request_${id}`, encode(request));
    this.send("call", id, method, `request_${id}`, `answer_${id}`);
    return id;
  }

  /** Read a call to its end; return its values and its last message. */
  async whole(id: number): Promise<{ values: unknown[]; last: Word[] }> {
    const values: unknown[] = [];
    let since = 0;
    for (;;) {
      const message = await this.matching(
        ([selector, call]) => call === id && ["value", "done", "failed"].includes(String(selector)),
        since,
      );
      since = this.outlet.indexOf(message) + 1;
      if (message[0] !== "value") return { values, last: message };
      values.push(decode(this.dicts.read(`answer_${id}`)));
      this.send("more", id);
    }
  }

  /** End it as Max does. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    return this.process.stop(signal);
  }
}

/** Return a Node half that has sent `ready`. */
export async function device(options: NodeHalfOptions = {}): Promise<NodeHalf> {
  const half = new NodeHalf(options);
  halves.push(half);
  await half.message(["ready", 1]);
  return half;
}
