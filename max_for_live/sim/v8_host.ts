/**
 * Max's v8 object: runs a built script, unchanged, in a context with Max's globals.
 *
 * A message calls the script's function of that name; output of the script is recorded and passed
 * on. Errors and prints go to Max's window.
 */

import { createContext, Script } from "node:vm";
import { DictSpace, dictFor } from "./dict.ts";
import { MaxFile } from "./file.ts";
import { type ApiWorld, liveApiFor } from "./live_api.ts";
import type { Atom } from "./lom_object.ts";
import { Mgraphics } from "./mgraphics.ts";
import { TaskClock, taskFor } from "./task.ts";
import { Traffic, xhrFor } from "./xhr.ts";

/** State that all scripts of one Max share. */
export class MaxWorld {
  readonly clock = new TaskClock();
  readonly traffic = new Traffic();
  readonly dicts: DictSpace;
  /** Colors of Live's theme, by name. */
  readonly colors: Record<string, number[]> = {};

  constructor(listOfOne: "list" | "element" = "list") {
    this.dicts = new DictSpace({ listOfOne });
  }
}

export interface V8Options {
  /** Live for the device; without it there is no LiveAPI. */
  live?: Omit<ApiWorld, "keep">;
  /** False for a Max that has no XMLHttpRequest. */
  http?: boolean;
  /** Width and height of the box of a v8ui. */
  box?: [number, number];
  /** Path of the device's file, in Max's notation. */
  filepath?: string;
}

interface Sent {
  outlet: number;
  atoms: Atom[];
}

export type Cord = (outlet: number, atoms: Atom[]) => void;

export class V8Host {
  /** All output, in order. */
  readonly sent: Sent[] = [];
  /** Max's window: prints and errors. */
  readonly console: string[] = [];
  readonly graphics: Mgraphics;
  private readonly endings: (() => void)[] = [];
  private readonly scope: Record<string, unknown>;
  private open = true;

  constructor(
    code: string,
    world: MaxWorld,
    options: V8Options = {},
    public cord: Cord = () => {},
  ) {
    this.graphics = new Mgraphics(...(options.box ?? [100, 60]));
    this.scope = this.globals(world, options);
    createContext(this.scope);
    new Script("Date.now = () => __now()").runInContext(this.scope);
    this.guard(() => new Script(code).runInContext(this.scope));
  }

  get inlets(): number {
    return Number(this.scope.inlets ?? 1);
  }

  get outlets(): number {
    return Number(this.scope.outlets ?? 1);
  }

  get isClosed(): boolean {
    return !this.open;
  }

  send(inlet: number, selector: string, ...atoms: Atom[]): void {
    if (!this.open) return;
    this.scope.inlet = inlet;
    this.scope.messagename = selector;
    if (typeof this.scope[selector] === "function") this.call(selector, atoms);
    else if (typeof this.scope.anything === "function") this.call("anything", atoms);
    else this.console.push(`v8: no function ${selector}`);
  }

  handles(selector: string): boolean {
    return typeof this.scope[selector] === "function";
  }

  paint(): string {
    this.graphics.shapes = [];
    this.call("paint", []);
    return this.graphics.toSvg();
  }

  click(x: number, y: number): void {
    this.call("onclick", [x, y, 1, 0, 0, 0, 0, 0]);
  }

  /** Remove the device, or close the Set. */
  close(): void {
    this.call("notifydeleted", []);
    this.open = false;
    for (const end of this.endings.splice(0)) end();
  }

  /** Return the messages of an outlet that begin with an atom. */
  from(outlet: number, first?: Atom): Atom[][] {
    return this.sent
      .filter((one) => one.outlet === outlet && (first === undefined || one.atoms[0] === first))
      .map((one) => one.atoms);
  }

  private globals(world: MaxWorld, options: V8Options): Record<string, unknown> {
    const keep = (end: () => void) => this.endings.push(end);
    const enter = (act: () => void) => this.guard(act);
    const live = options.live;
    return {
      __now: () => world.clock.now(),
      post: (...words: unknown[]) => this.console.push(words.join(" ")),
      error: (...words: unknown[]) => this.console.push(words.join(" ")),
      outlet: (index: number, ...atoms: unknown[]) => this.out(index, atoms),
      max: {
        version: "908",
        os: "macintosh",
        osversion: "15.1",
        arch: "arm64",
        getcolor: (name: string) => world.colors[name] ?? [0.5, 0.5, 0.5, 1],
      },
      patcher: { filepath: options.filepath ?? "" },
      mgraphics: this.graphics,
      inlet: 0,
      File: MaxFile,
      Dict: dictFor(world.dicts, keep),
      Task: taskFor(world.clock, enter, keep),
      ...(options.http === false ? {} : { XMLHttpRequest: xhrFor(world.traffic, enter, keep) }),
      ...(live === undefined ? {} : { LiveAPI: liveApiFor({ ...live, keep }) }),
    };
  }

  private call(name: string, atoms: unknown[]): void {
    const handler = this.scope[name];
    if (!this.open || typeof handler !== "function") return;
    this.guard(() => handler.apply(this.scope, atoms));
  }

  private guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      // Errors of the script's context are not instances of this context's Error.
      this.console.push(`error: ${(error as Error | null)?.stack ?? error}`);
    }
  }

  private out(outlet: number, values: unknown[]): void {
    if (!this.open) return;
    if (outlet < 0 || outlet >= this.outlets) throw new Error(`no outlet ${outlet}`);
    const atoms = values.flat().map((value) => {
      if (typeof value !== "number" && typeof value !== "string") {
        throw new Error(`outlet ${outlet}: ${String(value)} is not an atom`);
      }
      return value;
    });
    this.sent.push({ outlet, atoms });
    this.cord(outlet, atoms);
  }
}
