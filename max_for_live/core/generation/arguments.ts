/**
 * The generator's arguments on the device's eight number boxes.
 *
 * Temperature, seed and scale have their own controls. String arguments, and those after the
 * eighth, keep their defaults.
 */

import type { Argument, ArgumentValue, Generator } from "../transport/messages.ts";

export const BOXES = 8;

const ELSEWHERE = new Set(["temperature", "seed", "scale_root", "scale_intervals"]);
const INT = "ARGUMENT_TYPE_INT";
const FLOAT = "ARGUMENT_TYPE_FLOAT";
const BOOL = "ARGUMENT_TYPE_BOOL";
/** Bounds of an argument without bounds. */
const WIDE = 1_000_000;

export interface Box {
  /** Name in the request. */
  name: string;
  type: string;
  /** For the label, such as "Min Pitch". */
  label: string;
  low: number;
  high: number;
  initial: number;
  unit: string;
  help: string;
}

/** Return at most eight boxes, in the order of the arguments. */
export function boxesOf(generator: Generator): Box[] {
  const fit = (generator.arguments ?? []).filter(
    ({ name, type }) => !ELSEWHERE.has(name) && [INT, FLOAT, BOOL].includes(type),
  );
  return fit.slice(0, BOXES).map(boxOf);
}

/** Return the values of the boxes for the request, without defaults. */
export function valuesOf(boxes: readonly Box[], numbers: readonly number[]) {
  const values: Record<string, ArgumentValue> = {};
  boxes.forEach((box, index) => {
    const number = clamp(numbers[index] ?? box.initial, box);
    if (number !== box.initial) values[box.name] = argumentValue(box, number);
  });
  return values;
}

export function clamp(number: number, box: Box): number {
  const whole = box.type === FLOAT ? tidy(number) : Math.round(number);
  return Math.min(box.high, Math.max(box.low, whole));
}

/** Return the temperature within the generator's bounds; null if it has no such argument. */
export function temperatureOf(generator: Generator, wanted: number): ArgumentValue | null {
  const row = argument(generator, "temperature");
  if (!row) return null;
  return { floatValue: clamp(wanted, boxOf(row)) };
}

export function has(generator: Generator, ...names: string[]): boolean {
  return names.every((name) => argument(generator, name) !== undefined);
}

function argument(generator: Generator, name: string): Argument | undefined {
  return generator.arguments?.find((row) => row.name === name);
}

function boxOf(row: Argument): Box {
  const initial = numberOf(row.defaultValue);
  const bool = row.type === BOOL;
  const low = row.minimum ?? (bool ? 0 : Math.min(-WIDE, initial));
  const high = row.maximum ?? (bool ? 1 : Math.max(WIDE, initial));
  return {
    name: row.name,
    type: row.type,
    label: titleOf(row.name),
    low,
    // Push has crashed on an empty range.
    high: high > low ? high : low + 1,
    initial,
    unit: row.unit ?? "",
    help: row.help ?? "",
  };
}

function argumentValue(box: Box, number: number): ArgumentValue {
  if (box.type === INT) return { intValue: number };
  return box.type === BOOL ? { boolValue: number >= 0.5 } : { floatValue: number };
}

function numberOf(value: ArgumentValue | undefined): number {
  return value?.intValue ?? value?.floatValue ?? (value?.boolValue ? 1 : 0);
}

/** Live's controls have single precision; 0.97 must not become 0.9700000286. */
function tidy(number: number): number {
  return Number(number.toPrecision(6));
}

function titleOf(name: string): string {
  const words = name.split("_").filter((word) => word !== "");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}
