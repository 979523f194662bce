/**
 * `node.script`: runs its file as a process under a real Node.
 *
 * Messages that arrive before the process has loaded the script are lost, as in Max. Messages of
 * the script are events of the main thread.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { NodeProcess } from "../node_process.ts";
import type { World } from "./device.ts";
import { fromAtoms, type Message } from "./message.ts";
import type { BoxContext, MaxObject } from "./object.ts";

export class NodeScript implements MaxObject {
  readonly dropped: string[] = [];
  private readonly folder: string;
  private readonly file: string;
  private process: NodeProcess | null = null;
  private isUp = false;
  /** Resolves when no process is left. */
  ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: BoxContext,
    private readonly world: World,
    source: string,
  ) {
    // Max unpacks a frozen script into a folder that contains nothing else.
    this.folder = mkdtempSync(join(tmpdir(), "magenta-bridge-max-"));
    this.file = join(this.folder, "unpacked", basename(String(context.args[0])));
    mkdirSync(join(this.folder, "unpacked"));
    writeFileSync(this.file, source);
  }

  get pid(): number | undefined {
    return this.process?.child.pid;
  }

  loaded(): void {
    if (this.context.attributes.get("autostart")?.[0] === 1) this.start();
  }

  freed(): void {
    this.stop();
    void this.ended.then(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  receive(_inlet: number, { selector, args }: Message): boolean {
    if (selector === "script") {
      if (args[0] === "start") this.start();
      else if (args[0] === "stop") this.stop();
      else return false;
      return true;
    }
    const word = ["int", "float"].includes(selector) ? "list" : selector;
    if (!this.isUp || !this.process?.send(word, args)) {
      this.dropped.push([word, ...args].join(" "));
    }
    return true;
  }

  private start(): void {
    const { main, max, node, nodeEnvironment } = this.world;
    if (this.process || node === null) return;
    const started = new NodeProcess({
      node,
      script: this.file,
      env: { ...process.env, NODE_OPTIONS: "", ...nodeEnvironment },
      dicts: max.dicts,
      onOutlet: (words) =>
        main.run(() => {
          // Max counts a script as running once it has sent a message.
          this.isUp = true;
          this.context.out(0, fromAtoms(words));
        }),
      onComplaint: (text) => this.context.error(text),
    });
    this.process = started;
    this.ended = started.ended;
    started.child.on("spawn", () => main.run(() => this.context.out(1, fromAtoms(["start"]))));
    started.child.on("exit", () => main.run(() => this.onExit(started)));
  }

  private stop(): void {
    this.isUp = false;
    void this.process?.stop();
  }

  private onExit(started: NodeProcess): void {
    if (this.process !== started) return;
    this.process = null;
    this.isUp = false;
    this.context.out(1, fromAtoms(["terminated"]));
  }
}
