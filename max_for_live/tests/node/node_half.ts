/** The built Node half, unchanged, under a real Node, with a stand-in for Max around it. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { decode, encode } from "../../core/host/dict_codec.ts";
import { type DictHabits, DictSpace } from "../../sim/dict.ts";

type Word = string | number;

interface Said {
  kind: "outlet" | "post" | "unknown" | "getDict" | "setDict";
  id: number;
  words: unknown[];
}

interface Waiting {
  fits: (words: Word[]) => boolean;
  found: (words: Word[]) => void;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Nodes that the bundle has to run under: the oldest that Max has carried, and this one. */
export const NODES: Readonly<Record<string, string>> = {
  "Node 16": here("../node16/node_modules/.bin/node"),
  [`Node ${process.versions.node.split(".")[0]}`]: process.execPath,
};

/** The program that devices start; a development tree has it in its virtual environment. */
export const PROGRAM =
  process.env.MAGENTA_BRIDGE_PROGRAM ?? here("../../../.venv/bin/magenta-bridge");

/** One generator of the shipped ones; a server with it alone is up sooner. */
export const MELODY = here("../../../models/lstm/lstm_melody.mag");

/** Builds the bundle once, into a folder without anything else, which goes with the tests. */
export async function builtBundle(): Promise<string> {
  const { bundleNode } = (await import("../../build/bundle.mjs" as string)) as {
    bundleNode(outdir: string): Promise<string>;
  };
  const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-bundle-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return bundleNode(folder);
}

export interface NodeHalfOptions {
  node?: string;
  bundle: string;
  env?: Record<string, string>;
  habits?: DictHabits;
  /** Folder that devices share; one of its own without it. */
  run?: string;
}

export class NodeHalf {
  readonly outlet: Word[][] = [];
  /** What reached Max's window, or had no handler: nothing ever should. */
  readonly complaints: string[] = [];
  readonly dicts: DictSpace;
  readonly run: string;
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly waiting: Waiting[] = [];
  private count = 0;

  constructor(options: NodeHalfOptions) {
    this.dicts = new DictSpace(options.habits ?? { listOfOne: "element" });
    this.folder = mkdtempSync(join(tmpdir(), "magenta-bridge-node-"));
    this.run = options.run ?? join(this.folder, "run");
    const module = join(this.folder, "modules", "max-api");
    mkdirSync(module, { recursive: true });
    const api = JSON.stringify(here("../../sim/max_api.cjs"));
    writeFileSync(join(module, "index.js"), `module.exports = require(${api});\n`);
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_PATH: join(this.folder, "modules"),
      MAX_ENV: "maxforlive",
      MAGENTA_BRIDGE_RUN: this.run,
      MAGENTA_BRIDGE_PROGRAM: PROGRAM,
      // Nobody listens there, so that a server of the person who runs the tests is left alone.
      MAGENTA_BRIDGE_PORT: "9",
      // A proxy that would swallow whatever were sent by it.
      http_proxy: "http://127.0.0.1:9",
      grpc_proxy: "http://127.0.0.1:9",
      ...options.env,
    };
    this.child = spawn(options.node ?? process.execPath, [options.bundle], {
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.ended = new Promise((done) => {
      this.child.on("close", () => done());
    });
    this.child.on("message", (said) => this.hear(said as Said));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (text: Buffer) => this.complaints.push(String(text)));
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  send(selector: string, ...words: Word[]): void {
    this.tell({ kind: "message", selector, words });
  }

  /** Settles with the first message, past ones included from `since` on, that begins with these. */
  heard(words: Word[], since = 0): Promise<Word[]> {
    return this.hearing((said) => words.every((word, index) => said[index] === word), since);
  }

  hearing(fits: (words: Word[]) => boolean, since = 0): Promise<Word[]> {
    const past = this.outlet.slice(since).find(fits);
    if (past) return Promise.resolve(past);
    return new Promise((found) => this.waiting.push({ fits, found }));
  }

  /** Begins a call; the dictionaries are named by its id. */
  call(method: string, request: object): number {
    this.count += 1;
    const id = this.count;
    for (const name of [`request_${id}`, `answer_${id}`]) this.dicts.open(name);
    this.dicts.write(`request_${id}`, encode(request));
    this.send("call", id, method, `request_${id}`, `answer_${id}`);
    return id;
  }

  answer(id: number): unknown {
    return decode(this.dicts.read(`answer_${id}`));
  }

  /** Reads a call to its end; settles with its values and its last message. */
  async whole(id: number): Promise<{ values: unknown[]; last: Word[] }> {
    const values: unknown[] = [];
    let since = 0;
    for (;;) {
      const said = await this.hearing(
        ([selector, call]) => call === id && ["value", "done", "failed"].includes(String(selector)),
        since,
      );
      since = this.outlet.indexOf(said) + 1;
      if (said[0] !== "value") return { values, last: said };
      values.push(this.answer(id));
      this.send("more", id);
    }
  }

  /** Ends it as Max does. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private hear({ kind, id, words }: Said): void {
    if (kind === "outlet") this.take(words as Word[]);
    else if (kind === "post" || kind === "unknown") this.complaints.push(words.join(" "));
    if (kind === "unknown") return;
    try {
      this.tell({ kind: "answer", id, value: this.dict(kind, words) });
    } catch (thrown) {
      this.tell({ kind: "answer", id, problem: (thrown as Error).message });
    }
  }

  /** What does not arrive is no fault: the process may be going at this moment. */
  private tell(message: object): void {
    if (this.child.connected) this.child.send(message, () => {});
  }

  private take(words: Word[]): void {
    this.outlet.push(words);
    for (const waiting of this.waiting.filter(({ fits }) => fits(words))) {
      this.waiting.splice(this.waiting.indexOf(waiting), 1);
      waiting.found(words);
    }
  }

  private dict(kind: Said["kind"], [name, content]: unknown[]): unknown {
    if (kind !== "getDict" && kind !== "setDict") return undefined;
    if (!this.dicts.contents.has(String(name))) throw new Error(`no dictionary ${name}`);
    if (kind === "setDict") this.dicts.write(String(name), content as Record<string, unknown>);
    return this.dicts.read(String(name));
  }
}
