/**
 * `node.script`: runs its file as a process of its own, under a real Node.
 *
 * What comes before the process has loaded the script is lost, as in Max. What it says comes as
 * events of the main thread.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { World } from "./device.ts";
import { fromAtoms, type Message } from "./message.ts";
import type { Around, MaxObject } from "./object.ts";

const CHILD = fileURLToPath(new URL("../max_api.cjs", import.meta.url));

interface Said {
  kind: "outlet" | "post" | "unknown" | "getDict" | "setDict";
  id: number;
  words: unknown[];
}

export class NodeScript implements MaxObject {
  /** What came while the script was not up. */
  readonly dropped: string[] = [];
  readonly #around: Around;
  readonly #world: World;
  readonly #folder: string;
  readonly #file: string;
  #child: ChildProcess | null = null;
  #up = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(around: Around, world: World, source: string) {
    this.#around = around;
    this.#world = world;
    // Max unpacks what is frozen into a folder where nothing else is.
    this.#folder = mkdtempSync(join(tmpdir(), "magenta-bridge-max-"));
    this.#file = join(this.#folder, "unpacked", basename(String(around.args[0])));
    mkdirSync(join(this.#folder, "unpacked"));
    writeFileSync(this.#file, source);
    mkdirSync(join(this.#folder, "modules", "max-api"), { recursive: true });
    const api = `module.exports = require(${JSON.stringify(CHILD)});\n`;
    writeFileSync(join(this.#folder, "modules", "max-api", "index.js"), api);
  }

  /** Its process, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Settles when no process is left. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  loaded(): void {
    if (this.#around.attributes.get("autostart")?.[0] === 1) this.#start();
  }

  freed(): void {
    this.#stop();
    void this.#ended.then(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  receive(_inlet: number, message: Message): boolean {
    if (message.selector === "script") {
      if (message.args[0] === "start") this.#start();
      else if (message.args[0] === "stop") this.#stop();
      else return false;
      return true;
    }
    const words = ["int", "float", "list"].includes(message.selector)
      ? ["list", ...message.args]
      : [message.selector, ...message.args];
    if (this.#up && this.#child?.connected) {
      this.#send({ kind: "message", selector: words[0], words: words.slice(1) });
    } else this.dropped.push(words.join(" "));
    return true;
  }

  #start(): void {
    if (this.#child || this.#world.node === null) return;
    const env = {
      ...process.env,
      NODE_OPTIONS: "",
      ...this.#world.nodeEnvironment,
      NODE_PATH: join(this.#folder, "modules"),
      MAX_ENV: "maxforlive",
    };
    const child = spawn(this.#world.node, [this.#file], {
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    this.#ended = new Promise((done) => {
      child.on("close", () => done());
    });
    child.on("message", (said) => this.#event(() => this.#hear(said as Said)));
    child.on("spawn", () => this.#event(() => this.#rise()));
    child.on("exit", () => this.#event(() => this.#fall(child)));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (text: Buffer) => this.#around.error(`said: ${String(text).trim()}`));
    }
  }

  #stop(): void {
    const child = this.#child;
    if (!child) return;
    this.#up = false;
    child.kill("SIGTERM");
  }

  #rise(): void {
    this.#around.out(1, fromAtoms(["start"]));
  }

  #fall(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#up = false;
    this.#around.out(1, fromAtoms(["terminated"]));
  }

  #hear({ kind, id, words }: Said): void {
    // Max counts a script as up once it has spoken to it.
    this.#up = true;
    if (kind === "outlet") this.#around.out(0, fromAtoms(words as (string | number)[]));
    else if (kind === "post") this.#around.error(`posted: ${words.join(" ")}`);
    else if (kind === "unknown") this.#around.error(`has no handler for "${words.join(" ")}"`);
    if (kind === "unknown") return;
    try {
      this.#send({ kind: "answer", id, value: this.#dict(kind, words) });
    } catch (error) {
      this.#send({ kind: "answer", id, problem: (error as Error).message });
    }
  }

  /** Reads or fills a dictionary; one that nobody has made is refused. */
  #dict(kind: Said["kind"], [name, content]: unknown[]): unknown {
    const { dicts } = this.#world.max;
    if (kind !== "getDict" && kind !== "setDict") return undefined;
    if (!dicts.contents.has(String(name))) throw new Error(`There is no dictionary ${name}.`);
    if (kind === "setDict") dicts.write(String(name), content as Record<string, unknown>);
    return dicts.read(String(name));
  }

  /** What does not arrive is no fault: the process may be going at this moment. */
  #send(message: object): void {
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  #event(event: () => void): void {
    this.#world.main.run(event);
  }
}
