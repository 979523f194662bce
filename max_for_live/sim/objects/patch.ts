/**
 * A running patch: makes the boxes of a patcher and sends messages along its cords.
 *
 * A message reaches the boxes at an outlet from right to left and from bottom to top, each with all
 * that follows from it before the next.
 */

import type { MainThread } from "./main_thread.ts";
import { type Message, parseAtoms, show } from "./message.ts";
import type { Box, BoxContext, Clock, MaxObject } from "./object.ts";

export interface PatcherFile {
  patcher: {
    boxes: { box: Box }[];
    lines: { patchline: { source: [string, number]; destination: [string, number] } }[];
    parameters?: Record<string, unknown>;
    [key: string]: unknown;
  };
}

interface Cord {
  outlet: number;
  to: string;
  inlet: number;
}

/** Makes the object of a box; undefined for an unknown object. */
export type Make = (name: string, context: BoxContext) => MaxObject | undefined;

/** Maximum depth of nested messages; Max reports a stack overflow at such a depth. */
const DEEPEST = 200;

export class Patch {
  readonly objects = new Map<string, MaxObject>();
  readonly boxes = new Map<string, Box>();
  private readonly cords = new Map<string, Cord[]>();
  private readonly error: (text: string) => void;
  private depth = 0;

  constructor(
    file: PatcherFile,
    make: Make,
    main: MainThread,
    clock: Clock,
    error: (text: string) => void,
  ) {
    this.error = error;
    for (const { box } of file.patcher.boxes) this.boxes.set(box.id, box);
    for (const box of this.boxes.values()) this.make(box, make, main, clock);
    for (const { patchline } of file.patcher.lines) this.connect(patchline);
    for (const cords of this.cords.values()) cords.sort((a, b) => this.order(a, b));
  }

  /** Return the box with a scripting name; throw an Error if there is none. */
  named(varname: string): Box {
    const box = [...this.boxes.values()].find((one) => one.varname === varname);
    if (!box) throw new Error(`There is no box ${varname}.`);
    return box;
  }

  deliver(id: string, inlet: number, message: Message): void {
    const box = this.boxes.get(id) as Box;
    if (this.depth >= DEEPEST) throw new Error(`Stack overflow at ${nameOf(box)}.`);
    this.depth += 1;
    try {
      if (!this.objects.get(id)?.receive(inlet, message)) {
        this.error(`${nameOf(box)}: inlet ${inlet} does not understand "${show(message)}"`);
      }
    } finally {
      this.depth -= 1;
    }
  }

  private make(box: Box, make: Make, main: MainThread, clock: Clock): void {
    const words = box.maxclass === "newobj" ? parseAtoms(box.text ?? "") : [];
    const at = words.findIndex((word) => typeof word === "string" && word.startsWith("@"));
    const name = box.maxclass === "newobj" ? String(words[0]) : box.maxclass;
    const object = make(name, {
      box,
      args: words.slice(1, at < 0 ? undefined : at),
      attributes: attributesOf(at < 0 ? [] : words.slice(at)),
      main,
      clock,
      out: (outlet, message) => this.send(box, outlet, message),
      error: (text) => this.error(`${nameOf(box)}: ${text}`),
    });
    if (object) this.objects.set(box.id, object);
    else this.error(`${nameOf(box)}: no such object`);
  }

  private connect(line: { source: [string, number]; destination: [string, number] }): void {
    const [from, outlet] = line.source;
    const [to, inlet] = line.destination;
    const source = this.boxes.get(from);
    const target = this.boxes.get(to);
    // Max trusts the numbers of ports in the file, and deletes a cord beyond them.
    if (!source || !target || outlet >= source.numoutlets || inlet >= target.numinlets) {
      this.error(`patchcord ${from} ${outlet} -> ${to} ${inlet} has no such port: deleted`);
      return;
    }
    const cords = this.cords.get(from) ?? [];
    cords.push({ outlet, to, inlet });
    this.cords.set(from, cords);
  }

  private order(a: Cord, b: Cord): number {
    const [ax = 0, ay = 0] = this.boxes.get(a.to)?.patching_rect ?? [];
    const [bx = 0, by = 0] = this.boxes.get(b.to)?.patching_rect ?? [];
    return bx - ax || by - ay || b.inlet - a.inlet;
  }

  private send(box: Box, outlet: number, message: Message): void {
    if (outlet < 0 || outlet >= box.numoutlets) {
      this.error(`${nameOf(box)}: there is no outlet ${outlet} for "${show(message)}"`);
      return;
    }
    for (const cord of this.cords.get(box.id) ?? []) {
      if (cord.outlet === outlet) this.deliver(cord.to, cord.inlet, message);
    }
  }
}

function nameOf(box: Box): string {
  const what = box.maxclass === "newobj" ? String(box.text) : box.maxclass;
  return `${what} (${box.varname ?? box.id})`;
}

function attributesOf(words: (string | number)[]): Map<string, (string | number)[]> {
  const found = new Map<string, (string | number)[]>();
  let current: (string | number)[] = [];
  for (const word of words) {
    if (typeof word === "string" && word.startsWith("@")) {
      current = [];
      found.set(word.slice(1), current);
    } else current.push(word);
  }
  return found;
}
