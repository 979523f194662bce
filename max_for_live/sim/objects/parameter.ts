/** A parameter of a live.* object: its type, range and value. */

import type { Atom } from "./message.ts";
import type { Box } from "./object.ts";

const TYPES = ["float", "int", "enum", "blob"] as const;
const VISIBLE = ["automated", "stored", "hidden"] as const;

export class Parameter {
  readonly longName: string;
  readonly type: (typeof TYPES)[number];
  /** Whether it can be automated, is only saved in the Set, or neither. */
  readonly visibility: (typeof VISIBLE)[number];
  /** Whether it has an initial value, which its object outputs when the patch is loaded. */
  readonly hasInitial: boolean;
  /** Entries of an enum. */
  entries: string[];
  low: number;
  high: number;
  value: Atom[];

  constructor(box: Box) {
    const fields = box.saved_attribute_attributes?.valueof ?? {};
    this.longName = String(fields.parameter_longname ?? box.varname ?? box.id);
    this.type = TYPES[Number(fields.parameter_type ?? 0)] ?? "float";
    this.visibility = VISIBLE[Number(fields.parameter_invisible ?? 0)] ?? "automated";
    this.entries = (fields.parameter_enum as string[] | undefined) ?? [];
    this.low = Number(fields.parameter_mmin ?? 0);
    this.high = Number(fields.parameter_mmax ?? 127);
    this.hasInitial = Boolean(fields.parameter_initial_enable);
    this.value = this.type === "blob" ? [] : [this.low];
    this.put(this.hasInitial ? ((fields.parameter_initial ?? []) as Atom[]) : this.value);
  }

  /** The value as a number; the index of an enum. */
  get number(): number {
    return Number(this.value[0] ?? 0);
  }

  /** Set the value, clamped to the range; return false for an invalid value. */
  put(value: Atom[]): boolean {
    if (this.type === "blob") {
      this.value = [...value];
      return true;
    }
    const first = value[0];
    if (value.length !== 1 || typeof first !== "number" || Number.isNaN(first)) return false;
    const top = this.type === "enum" ? Math.max(0, this.entries.length - 1) : this.high;
    const bottom = this.type === "enum" ? 0 : this.low;
    const held = Math.min(top, Math.max(bottom, first));
    this.value = [this.type === "float" ? held : Math.trunc(held)];
    return true;
  }

  /** `_parameter_range`: entries of an enum, or two numbers; return false if invalid. */
  setRange(range: Atom[]): boolean {
    if (this.type === "enum") {
      this.entries = range.map(String);
      return this.entries.length > 0 && this.put([this.number]);
    }
    const [low, high] = range;
    // An empty range has crashed Push.
    if (range.length !== 2 || typeof low !== "number" || typeof high !== "number" || low >= high) {
      return false;
    }
    this.low = low;
    this.high = high;
    return this.put([this.number]);
  }

  /** The value relative to the range, in [0, 1]. */
  get raw(): number {
    const top = this.type === "enum" ? Math.max(1, this.entries.length - 1) : this.high - this.low;
    return (this.number - (this.type === "enum" ? 0 : this.low)) / top;
  }

  get label(): string {
    return this.entries[this.number] ?? String(this.value.join(" "));
  }
}
