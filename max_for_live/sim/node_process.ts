/** A script of node.script as a process under a real Node; `max_api.cjs` stands in for max-api. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DictSpace } from "./dict.ts";
import type { Atom } from "./lom_object.ts";

const MAX_API = join(import.meta.dirname, "max_api.cjs");
/** Milliseconds from SIGTERM to SIGKILL. */
const KILL_AFTER = 10_000;

interface ApiCall {
  kind: "outlet" | "post" | "unknown" | "getDict" | "setDict";
  id: number;
  words: unknown[];
}

interface NodeProcessOptions {
  node: string;
  script: string;
  env: NodeJS.ProcessEnv;
  dicts: DictSpace;
  /** Receives each message of the script's left outlet. */
  onOutlet(words: Atom[]): void;
  /** Receives what Max's window would show: prints, unhandled messages. */
  onComplaint(text: string): void;
}

export class NodeProcess {
  /** Resolves when the process has ended and its streams are closed. */
  readonly ended: Promise<void>;
  readonly child: ChildProcess;

  constructor(private readonly options: NodeProcessOptions) {
    const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-node-"));
    mkdirSync(join(folder, "max-api"));
    const source = `module.exports = require(${JSON.stringify(MAX_API)});\n`;
    writeFileSync(join(folder, "max-api", "index.js"), source);
    this.child = spawn(options.node, [options.script], {
      env: { ...options.env, NODE_PATH: folder, MAX_ENV: "maxforlive" },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.ended = new Promise((resolve) => {
      this.child.on("close", () => {
        rmSync(folder, { recursive: true, force: true });
        resolve();
      });
    });
    this.child.on("message", (call) => this.handle(call as ApiCall));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (text: Buffer) => options.onComplaint(String(text).trim()));
    }
  }

  /** Send a message to the script's handlers; return false if the process is gone. */
  send(selector: string, words: Atom[]): boolean {
    return this.post({ kind: "message", selector, words });
  }

  /** Send a signal, and SIGKILL if the process is still there 10 seconds later. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill("SIGKILL"), KILL_AFTER);
    return this.ended.finally(() => clearTimeout(timer));
  }

  private handle({ kind, id, words }: ApiCall): void {
    if (kind === "outlet") this.options.onOutlet(words as Atom[]);
    else if (kind === "post") this.options.onComplaint(`posted: ${words.join(" ")}`);
    if (kind === "unknown") {
      this.options.onComplaint(`no handler for "${words.join(" ")}"`);
      return;
    }
    try {
      this.post({ kind: "answer", id, value: this.dict(kind, words) });
    } catch (error) {
      this.post({ kind: "answer", id, problem: (error as Error).message });
    }
  }

  /** Read or fill a dictionary; one that does not exist is an error, as in Max. */
  private dict(kind: ApiCall["kind"], [name, content]: unknown[]): unknown {
    if (kind !== "getDict" && kind !== "setDict") return undefined;
    const { dicts } = this.options;
    if (!dicts.contents.has(String(name))) throw new Error(`There is no dictionary ${name}.`);
    if (kind === "setDict") dicts.write(String(name), content as Record<string, unknown>);
    return dicts.read(String(name));
  }

  /** Ignore errors: the process may be ending. */
  private post(message: object): boolean {
    if (!this.child.connected) return false;
    this.child.send(message, () => {});
    return true;
  }
}
