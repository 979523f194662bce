/** The live.* controls, for user actions and messages of the patch. */

import { type Atom, BANG, fromAtoms, type Message, number, toAtoms } from "./message.ts";
import type { BoxContext, MaxObject } from "./object.ts";
import { Parameter } from "./parameter.ts";

/** Attributes that a patch may set, in addition to those of the parameter. */
const ATTRIBUTES = new Set([
  "active",
  "annotation",
  "bgcolor",
  "hidden",
  "hint",
  "ignoreclick",
  "text",
  "textcolor",
  "texton",
]);

/** Outlets for the label and for the relative value, by class. */
interface Outlets {
  label?: number;
  raw?: number;
}
const OUTLETS: Record<string, Outlets> = {
  "live.dial": { raw: 1 },
  "live.menu": { label: 1, raw: 2 },
  "live.numbox": { raw: 1 },
  "live.text": { label: 1 },
  "live.toggle": {},
};

export const LIVE_CLASSES: ReadonlySet<string> = new Set(Object.keys(OUTLETS));

export class LiveControl implements MaxObject {
  readonly parameter: Parameter;
  private readonly outlets: Outlets;
  private readonly shown = new Map<string, Atom[]>();

  constructor(private readonly context: BoxContext) {
    this.outlets = OUTLETS[context.box.maxclass] ?? {};
    this.parameter = new Parameter(context.box);
    for (const name of ATTRIBUTES) {
      const saved = context.box[name];
      if (saved !== undefined) this.shown.set(name, [saved].flat() as Atom[]);
    }
  }

  /** Whether it bangs on a click instead of having a value. */
  get isButton(): boolean {
    return this.context.box.maxclass === "live.text" && this.context.box.mode === 0;
  }

  get active(): boolean {
    return Number(this.shown.get("active")?.[0] ?? 1) !== 0;
  }

  /** Its text, or its parameter's value. */
  get text(): string {
    if (this.context.box.maxclass !== "live.text") return this.parameter.label;
    const on = this.parameter.number > 0 ? this.shown.get("texton") : undefined;
    return (on ?? this.shown.get("text") ?? []).join(" ");
  }

  receive(_inlet: number, message: Message): boolean {
    const { selector, args } = message;
    if (selector === "set") return this.parameter.put(args);
    if (selector === "_parameter_range") return this.parameter.setRange(args);
    if (ATTRIBUTES.has(selector)) {
      this.shown.set(selector, args);
      return args.length > 0;
    }
    if (selector === "bang") {
      if (this.isButton) this.press();
      else this.output();
      return true;
    }
    if (!this.parameter.put(toAtoms(message))) return false;
    this.output();
    return true;
  }

  press(): void {
    if (this.outlets.label !== undefined) {
      this.context.out(this.outlets.label, fromAtoms([this.text]));
    }
    this.context.out(0, BANG);
  }

  /** Output the value, from right to left. */
  output(): void {
    if (this.isButton) return;
    const { label, raw } = this.outlets;
    if (raw !== undefined) this.context.out(raw, number(this.parameter.raw));
    if (label !== undefined) this.context.out(label, fromAtoms([this.parameter.label]));
    this.context.out(0, fromAtoms(this.parameter.value));
  }
}

/** `pattr` with a parameter: stores a message in the Set, and outputs it at loading. */
export class Pattr implements MaxObject {
  readonly parameter: Parameter;

  constructor(private readonly context: BoxContext) {
    this.parameter = new Parameter(context.box);
  }

  receive(_inlet: number, message: Message): boolean {
    if (message.selector !== "bang") this.parameter.put(toAtoms(message));
    this.output();
    return true;
  }

  output(): void {
    if (this.parameter.value.length > 0) this.context.out(0, fromAtoms(this.parameter.value));
  }
}

/** `comment` and `live.comment`: a text that the patch can change. */
export class Comment implements MaxObject {
  text: string;

  constructor(context: BoxContext) {
    this.text = String(context.box.text ?? "");
  }

  receive(_inlet: number, message: Message): boolean {
    if (message.selector === "set") this.text = message.args.join(" ");
    return ["set", "textcolor", "hidden", "active"].includes(message.selector);
  }
}
