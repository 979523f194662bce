/** A parameter of a live.* object: what kind it is, its range, its value. */

import type { Atom } from "./message.ts";
import type { Box } from "./object.ts";

const TYPES = ["float", "int", "enum", "blob"] as const;
const VISIBLE = ["automated", "stored", "hidden"] as const;

export class Parameter {
  readonly longName: string;
  readonly type: (typeof TYPES)[number];
  /** Whether it can be automated, is only stored in the Set, or neither. */
  readonly kept: (typeof VISIBLE)[number];
  /** Whether it begins with a value of its own, which its object says when the patch is loaded. */
  readonly begins: boolean;
  /** Of an enum. */
  entries: string[];
  low: number;
  high: number;
  #value: Atom[];

  constructor(box: Box) {
    const fields = box.saved_attribute_attributes?.valueof ?? {};
    this.longName = String(fields.parameter_longname ?? box.varname ?? box.id);
    this.type = TYPES[Number(fields.parameter_type ?? 0)] ?? "float";
    this.kept = VISIBLE[Number(fields.parameter_invisible ?? 0)] ?? "automated";
    this.entries = (fields.parameter_enum as string[] | undefined) ?? [];
    this.low = Number(fields.parameter_mmin ?? 0);
    this.high = Number(fields.parameter_mmax ?? 127);
    this.begins = Boolean(fields.parameter_initial_enable);
    this.#value = this.type === "blob" ? [] : [this.low];
    this.put(this.begins ? ((fields.parameter_initial ?? []) as Atom[]) : this.#value);
  }

  get value(): Atom[] {
    return this.#value;
  }

  /** The value as a number; an enum's index. */
  get number(): number {
    return Number(this.#value[0] ?? 0);
  }

  /** Takes a value over, held to what the parameter can have; false where it can have none like it. */
  put(value: Atom[]): boolean {
    if (this.type === "blob") {
      this.#value = [...value];
      return true;
    }
    const first = value[0];
    if (value.length !== 1 || typeof first !== "number" || Number.isNaN(first)) return false;
    const top = this.type === "enum" ? Math.max(0, this.entries.length - 1) : this.high;
    const bottom = this.type === "enum" ? 0 : this.low;
    const held = Math.min(top, Math.max(bottom, first));
    this.#value = [this.type === "float" ? held : Math.trunc(held)];
    return true;
  }

  /** `_parameter_range`: new entries of an enum, or two numbers; false for what would harm Live. */
  setRange(range: Atom[]): boolean {
    if (this.type === "enum") {
      this.entries = range.map(String);
      return this.entries.length > 0 && this.put([this.number]);
    }
    const [low, high] = range;
    // A range without width has crashed Push.
    if (range.length !== 2 || typeof low !== "number" || typeof high !== "number" || low >= high) {
      return false;
    }
    this.low = low;
    this.high = high;
    return this.put([this.number]);
  }

  /** From 0 to 1, as the rightmost outlet gives it. */
  get raw(): number {
    const top = this.type === "enum" ? Math.max(1, this.entries.length - 1) : this.high - this.low;
    return (this.number - (this.type === "enum" ? 0 : this.low)) / top;
  }

  get label(): string {
    return this.entries[this.number] ?? String(this.value.join(" "));
  }
}
