/** The table of controls: every dial, button and display of the devices. */

import table from "../controls.json" with { type: "json" };

export const DEVICES = ["bridge", "generator", "transformation"] as const;
export type DeviceName = (typeof DEVICES)[number];

const KINDS = [
  "display",
  "button",
  "toggle",
  "tool",
  "menu",
  "number",
  "dial",
  "blob",
  "roll",
] as const;
type Kind = (typeof KINDS)[number];

export const TOOLS = ["generate", "continue", "jam", "interpolate", "groove", "drumify"] as const;

/** `automated` is visible in Live and Push, `stored` is saved with the Set, `hidden` is neither. */
const STORED = ["automated", "stored", "hidden"] as const;
const TYPES = ["none", "float", "int", "enum", "blob"] as const;

export interface Control {
  id: string;
  devices: DeviceName[];
  kind: Kind;
  /** The parameter's long name: unique within a device, and constant, because Live saves by it. */
  label: string;
  /** The name on Push and above a dial, at most 8 characters. */
  short: string;
  /** The text on the box; by default the label. */
  text?: string;
  type: (typeof TYPES)[number];
  range?: [number, number];
  entries?: string[];
  default: number | string | null;
  /** Unit after the number, or a printf format such as "%g". */
  unit: string;
  stored: (typeof STORED)[number];
  /** The field of the request that it sets, by its API name; "" for none. */
  field: string;
  /** The tools that use it; empty for all. */
  tools: string[];
  /** One or two sentences for the user, shown in Live's Info View. */
  info: string;
}

const SHORT = 8;
/** Live's int parameters have at most 256 values; others are floats shown as integers. */
export const INT_VALUES = 256;

/** Validate the rows. Throw an Error that names the first invalid row and the problem. */
export function parseControls(rows: unknown): Control[] {
  if (!Array.isArray(rows)) throw new Error("controls.json: the table must be a list of rows.");
  const controls = rows.map((row, index) => parseRow(row, index));
  rejectDuplicates(controls);
  return controls;
}

export const CONTROLS: Control[] = parseControls(table);

export function controlsOf(device: DeviceName): Control[] {
  return CONTROLS.filter((control) => control.devices.includes(device));
}

/** Return a control by its id; throw an Error if there is none. */
export function control(id: string): Control {
  const found = CONTROLS.find((row) => row.id === id);
  if (!found) throw new Error(`controls.json: there is no control "${id}".`);
  return found;
}

export function textOf(row: Control): string {
  return row.text ?? row.label;
}

/** Whether it is a parameter in Live. */
export function isParameter(row: Control): boolean {
  return row.type !== "none";
}

function parseRow(row: unknown, index: number): Control {
  const control = row as Control;
  const name = typeof control?.id === "string" ? `"${control.id}"` : `number ${index + 1}`;
  for (const problem of problemsOf(control)) {
    throw new Error(`controls.json, row ${name}: ${problem}`);
  }
  return control;
}

/** Later checks rely on earlier ones. */
function* problemsOf(row: Control): Generator<string> {
  if (typeof row !== "object" || row === null) yield "a row must be an object.";
  for (const key of ["id", "label", "short", "info"] as const) {
    if (typeof row[key] !== "string" || row[key] === "")
      yield `"${key}" must be a non-empty string.`;
  }
  for (const key of ["unit", "field"] as const) {
    if (typeof row[key] !== "string") yield `"${key}" must be a string.`;
  }
  if (!/^[a-z][a-z0-9_]*$/.test(row.id)) {
    yield "an id must have lower-case letters, digits and underscores.";
  }
  if (row.short.length > SHORT) {
    yield `"short" must have at most ${SHORT} characters; "${row.short}" has ${row.short.length}.`;
  }
  if (!row.info.endsWith(".")) yield '"info" must be whole sentences.';
  if (row.text !== undefined && typeof row.text !== "string") yield '"text" must be a string.';
  yield* choiceProblems(row);
  if (row.type === "int" || row.type === "float") yield* numberProblems(row);
  if (row.type === "enum") yield* enumProblems(row);
  if (row.type === "blob" && typeof row.default !== "string") {
    yield '"default" of a blob must be a string.';
  }
  if (row.type === "none" && row.default !== null) yield '"default" of type "none" must be null.';
}

function* choiceProblems(row: Control): Generator<string> {
  if (!Array.isArray(row.devices) || row.devices.length === 0) {
    yield '"devices" must list at least one device.';
  }
  if (!Array.isArray(row.tools)) yield '"tools" must be a list.';
  const choices: [string, readonly unknown[], readonly unknown[]][] = [
    ["kind", [row.kind], KINDS],
    ["type", [row.type], TYPES],
    ["stored", [row.stored], STORED],
    ["devices", row.devices, DEVICES],
    ["tools", row.tools, TOOLS],
  ];
  for (const [key, values, allowed] of choices) {
    for (const value of values.filter((one) => !allowed.includes(one))) {
      yield `"${key}" must be one of ${allowed.join(", ")}, not ${JSON.stringify(value)}.`;
    }
  }
}

function* numberProblems({ range, default: initial, type }: Control): Generator<string> {
  const [low, high] = Array.isArray(range) && range.length === 2 ? range : [Number.NaN, Number.NaN];
  // An empty range has crashed Push.
  if (!(low < high) || ![low, high].every(Number.isFinite)) {
    yield '"range" must be two numbers, the lower first.';
  }
  if (typeof initial !== "number" || initial < low || initial > high) {
    yield `"default" must be within the range, ${low} to ${high}.`;
  }
  if (type === "int" && high - low + 1 > INT_VALUES) {
    yield `an int must have at most ${INT_VALUES} values; use "float".`;
  }
}

function* enumProblems({ entries, default: initial }: Control): Generator<string> {
  if (!Array.isArray(entries) || entries.length < 2) {
    yield '"entries" of an enum must have at least two.';
  }
  if (!Number.isInteger(initial) || entries?.[initial as number] === undefined) {
    yield '"default" of an enum must be the index of an entry.';
  }
}

function rejectDuplicates(rows: Control[]): void {
  for (const device of DEVICES) {
    for (const key of ["id", "label"] as const) {
      const seen = new Set<string>();
      for (const row of rows.filter((one) => one.devices.includes(device))) {
        if (seen.has(row[key])) {
          throw new Error(
            `controls.json, row "${row.id}": the ${key} "${row[key]}" is already used in ${device}.`,
          );
        }
        seen.add(row[key]);
      }
    }
  }
}
