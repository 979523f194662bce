/** The table of controls: every dial, button and display of the devices. */

import table from "../controls.json" with { type: "json" };

export const DEVICES = ["bridge", "generator", "transformation"] as const;
export type DeviceName = (typeof DEVICES)[number];

export const KINDS = [
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
export type Kind = (typeof KINDS)[number];

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
  if (!Array.isArray(rows)) {
    throw new Error("controls.json: the table must be a list of rows.");
  }
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
  if (!found) {
    throw new Error(`controls.json: there is no control "${id}".`);
  }
  return found;
}

/** Return the text on the box. */
export function textOf(row: Control): string {
  return row.text ?? row.label;
}

/** Whether it is a parameter in Live. */
export function isParameter(row: Control): boolean {
  return row.type !== "none";
}

function parseRow(row: unknown, index: number): Control {
  const values = row as Record<string, unknown>;
  const name = typeof values?.id === "string" ? `"${values.id}"` : `number ${index + 1}`;
  const fail = (problem: string): never => {
    throw new Error(`controls.json, row ${name}: ${problem}`);
  };
  if (typeof row !== "object" || row === null) {
    fail("a row must be an object.");
  }
  for (const key of ["id", "label", "short", "info"]) {
    if (typeof values[key] !== "string" || values[key] === "") {
      fail(`"${key}" must be a non-empty string.`);
    }
  }
  for (const key of ["unit", "field"]) {
    if (typeof values[key] !== "string") {
      fail(`"${key}" must be a string.`);
    }
  }
  const control = values as unknown as Control;
  checkTexts(control, fail);
  checkChoices(control, fail);
  checkValues(control, fail);
  return control;
}

type Fail = (problem: string) => never;

function checkTexts(row: Control, fail: Fail): void {
  if (!/^[a-z][a-z0-9_]*$/.test(row.id)) {
    fail("an id must have lower-case letters, digits and underscores.");
  }
  if (row.short.length > SHORT) {
    fail(`"short" must have at most ${SHORT} characters; "${row.short}" has ${row.short.length}.`);
  }
  if (!row.info.endsWith(".")) {
    fail('"info" must be whole sentences.');
  }
  if (row.text !== undefined && typeof row.text !== "string") {
    fail('"text" must be a string.');
  }
}

function checkChoices(row: Control, fail: Fail): void {
  const among = (key: string, value: unknown, choices: readonly string[]) => {
    if (!choices.includes(value as string)) {
      fail(`"${key}" must be one of ${choices.join(", ")}, not ${JSON.stringify(value)}.`);
    }
  };
  among("kind", row.kind, KINDS);
  among("type", row.type, TYPES);
  among("stored", row.stored, STORED);
  if (!Array.isArray(row.devices) || row.devices.length === 0) {
    fail('"devices" must list at least one device.');
  }
  for (const device of row.devices) {
    among("devices", device, DEVICES);
  }
  if (!Array.isArray(row.tools)) {
    fail('"tools" must be a list.');
  }
  for (const tool of row.tools) {
    among("tools", tool, TOOLS);
  }
}

function checkValues(row: Control, fail: Fail): void {
  if (row.type === "int" || row.type === "float") {
    checkNumber(row, fail);
  } else if (row.type === "enum") {
    checkEnum(row, fail);
  } else if (row.type === "blob" && typeof row.default !== "string") {
    fail('"default" of a blob must be a string.');
  } else if (row.type === "none" && row.default !== null) {
    fail('"default" of type "none" must be null.');
  }
}

function checkNumber(row: Control, fail: Fail): void {
  const range = row.range;
  const whole = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite);
  if (!range || !whole || range[0] >= range[1]) {
    fail('"range" must be two numbers, the lower first.');
    return;
  }
  const [low, high] = range;
  if (typeof row.default !== "number" || row.default < low || row.default > high) {
    fail(`"default" must be within the range, ${low} to ${high}.`);
  }
  if (row.type === "int" && high - low + 1 > INT_VALUES) {
    fail(`an int must have at most ${INT_VALUES} values; use "float".`);
  }
}

function checkEnum(row: Control, fail: Fail): void {
  const entries = row.entries;
  if (!Array.isArray(entries) || entries.length < 2) {
    // An empty range has crashed Push.
    fail('"entries" of an enum must have at least two.');
    return;
  }
  const value = row.default;
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= entries.length) {
    fail('"default" of an enum must be the index of an entry.');
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
