/** SVG shapes and texts. */

import type { Rect } from "../patcher.ts";

type Values = Record<string, string | number>;

export function element(name: string, values: Values, inside = ""): string {
  const attributes = Object.entries(values)
    .map(
      ([key, value]) => ` ${key}="${typeof value === "number" ? number(value) : escaped(value)}"`,
    )
    .join("");
  return inside === "" ? `<${name}${attributes}/>` : `<${name}${attributes}>${inside}</${name}>`;
}

export function box([x, y, width, height]: Rect, fill: string, values: Values = {}): string {
  return element("rect", { x, y, width, height, fill, ...values });
}

export const SIZE = 9.5;
/** From the middle of a line to its baseline, relative to the font size. */
const TO_BASELINE = 0.36;

export type Align = "start" | "middle" | "end";

interface Words {
  text: string;
  fill: string;
  align?: Align;
  size?: number;
  weight?: number;
}

/** Return a text, vertically centered. */
export function words(
  rect: Rect,
  { text, fill, align = "start", size = SIZE, weight = 500 }: Words,
): string {
  if (text === "") return "";
  const [x, y, width, height] = rect;
  const across = { start: x, middle: x + width / 2, end: x + width }[align];
  const values: Values = {
    x: across,
    y: y + height / 2 + size * TO_BASELINE,
    fill,
    "font-size": size,
    "font-weight": weight,
  };
  if (align !== "start") values["text-anchor"] = align;
  return element("text", values, escaped(text));
}

export function path(d: string, values: Values): string {
  return element("path", { d, fill: "none", ...values });
}

/** Return an arc of a circle; angles are in degrees clockwise from the top. */
export function arc(x: number, y: number, radius: number, from: number, to: number): string {
  const [x1, y1] = onCircle(x, y, radius, from);
  const [x2, y2] = onCircle(x, y, radius, to);
  const large = to - from > 180 ? 1 : 0;
  return `M${number(x1)} ${number(y1)}A${radius} ${radius} 0 ${large} 1 ${number(x2)} ${number(y2)}`;
}

export function onCircle(x: number, y: number, radius: number, degrees: number): [number, number] {
  const angle = ((degrees - 90) * Math.PI) / 180;
  return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
}

export function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
