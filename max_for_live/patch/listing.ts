/** A patch as lines of text, to compare two versions of it. */

import type { Rect } from "./patcher.ts";

type Raw = Record<string, unknown>;

/** List boxes and cords, one per line, without scripts. */
export function listing(patch: Raw): string {
  const patcher = patch.patcher as Raw;
  const boxes = (patcher.boxes as { box: Raw }[]).map((one) => one.box);
  const names = new Map(boxes.map((box) => [String(box.id), nameOf(box)]));
  const cords = (patcher.lines as { patchline: { source: End; destination: End } }[]).map(
    ({ patchline: { source, destination } }) =>
      `${names.get(source[0])} [${source[1]}] -> [${destination[1]}] ${names.get(destination[0])}`,
  );
  const [, , width, height] = patcher.openrect as Rect;
  return [
    `${width} x ${height} pixels`,
    "",
    ...boxes.map(line),
    "",
    ...cords,
    "",
    ...banks(patcher),
  ].join("\n");
}

type End = [string, number];

function nameOf(box: Raw): string {
  const words = box.varname ?? box.text ?? box.maxclass;
  return `${String(box.id).replace("obj-", "#")} ${words}`;
}

function line(box: Raw): string {
  const parts = [nameOf(box)];
  if (box.varname || box.maxclass !== "newobj") {
    parts.push(`${box.maxclass}${box.varname && box.text ? ` "${box.text}"` : ""}`);
  }
  if (box.presentation_rect) {
    parts.push(`at ${(box.presentation_rect as Rect).join(" ")}`);
  }
  const parameter = (box.saved_attribute_attributes as { valueof?: Raw } | undefined)?.valueof;
  if (parameter) {
    parts.push(parameterLine(parameter));
  }
  return parts.join(" | ");
}

const VISIBLE = ["automated", "stored", "hidden"];
const TYPES = ["float", "int", "enum", "blob"];

function parameterLine(parameter: Raw): string {
  const range =
    (parameter.parameter_enum as string[] | undefined)?.join("/") ??
    `${parameter.parameter_mmin ?? ""}..${parameter.parameter_mmax ?? ""}`;
  const type = TYPES[parameter.parameter_type as number];
  const seen = VISIBLE[parameter.parameter_invisible as number];
  return `"${parameter.parameter_longname}" ${type} ${range} = ${parameter.parameter_initial} ${seen}`;
}

function banks(patcher: Raw): string[] {
  const all = (patcher.parameters as Raw).parameterbanks as Record<string, Raw>;
  return Object.values(all).map(
    (bank) => `bank ${bank.name}: ${(bank.parameters as string[]).join(", ")}`,
  );
}
