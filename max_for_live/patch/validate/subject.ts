/** A parsed device for the rules: they check the file, not how it was built. */

import { type Device, readDevice, readPatch } from "../container.ts";
import type { Rect } from "../patcher.ts";

export type Raw = Record<string, unknown>;

interface Line {
  from: string;
  outlet: number;
  to: string;
  inlet: number;
}

export interface Subject {
  device: Device;
  patcher: Raw;
  boxes: Raw[];
  lines: Line[];
  /** Names of the files next to an unfrozen device. */
  beside: string[];
}

/** Return one sentence for each problem. */
export type Rule = (subject: Subject) => string[];

export function subjectOf(bytes: Buffer, beside: string[] = []): Subject {
  const device = readDevice(bytes);
  const patcher = readPatch(device).patcher as Raw;
  const lines = patcher.lines as { patchline: { source: End; destination: End } }[];
  return {
    device,
    patcher,
    boxes: (patcher.boxes as { box: Raw }[]).map((one) => one.box),
    lines: lines.map(({ patchline }) => ({
      from: patchline.source[0],
      outlet: patchline.source[1],
      to: patchline.destination[0],
      inlet: patchline.destination[1],
    })),
    beside,
  };
}

type End = [string, number];

/** Return the name of a box for messages. */
export function nameOf(box: Raw): string {
  const word = box.varname ?? box.text ?? box.maxclass;
  return `${box.id} (${String(word).slice(0, 40)})`;
}

export function rectOf(box: Raw): Rect | undefined {
  return box.presentation === 1 ? (box.presentation_rect as Rect) : undefined;
}

/** Return the object's name: the first word of its text, or its class. */
export function wordOf(box: Raw): string {
  return box.maxclass === "newobj"
    ? (String(box.text).split(" ", 1)[0] as string)
    : String(box.maxclass);
}

/** Return the parameter of the box; undefined if it has none. */
export function parameterOf(box: Raw): Raw | undefined {
  const saved = box.saved_object_attributes as Raw | undefined;
  if (box.parameter_enable !== 1 && saved?.parameter_enable !== 1) return undefined;
  return ((box.saved_attribute_attributes as Raw | undefined)?.valueof as Raw | undefined) ?? {};
}

export function parametersOf(subject: Subject): [Raw, Raw][] {
  return subject.boxes.flatMap((box): [Raw, Raw][] => {
    const parameter = parameterOf(box);
    return parameter ? [[box, parameter]] : [];
  });
}

/** Return the values that occur more than once. */
export function duplicates(values: string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
