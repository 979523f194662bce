/** Rules for the presentation view. */

import type { Rect } from "../patcher.ts";
import { nameOf, type Raw, type Rule, rectOf, type Subject } from "./subject.ts";

/** Live cuts off anything below. */
const HEIGHT = 169;
/** Average width of a letter, relative to the font size; Live's font is narrower. */
const LETTER = 0.56;

export const opensInPresentation: Rule = ({ patcher }) => {
  const [left, top, width, height] = patcher.openrect as Rect;
  const problems: string[] = [];
  if (patcher.openinpresentation !== 1) {
    problems.push("The device opens as a patch, not in presentation.");
  }
  if (left !== 0 || top !== 0 || width <= 0 || height <= 0 || height > HEIGHT) {
    problems.push(`The device is ${width} by ${height} pixels; Live shows ${HEIGHT} in height.`);
  }
  return problems;
};

export const wholePixels: Rule = (subject) =>
  shown(subject)
    .filter(([, rect]) => !rect.every(Number.isInteger))
    .map(([box, rect]) => `${nameOf(box)} is at ${rect.join(", ")}, not on whole pixels.`);

export const insideDevice: Rule = (subject) => {
  const [, , width, height] = subject.patcher.openrect as Rect;
  return shown(subject)
    .filter(
      ([, [x, y, w, h]]) => x < 0 || y < 0 || x + w > width || y + h > height || w <= 0 || h <= 0,
    )
    .map(([box]) => `${nameOf(box)} extends outside the device.`);
};

/** Panels are in the background, so they may only not overlap each other. */
export const noOverlaps: Rule = (subject) => {
  const all = shown(subject);
  const problems: string[] = [];
  all.forEach(([box, rect], index) => {
    for (const [other, otherRect] of all.slice(index + 1)) {
      if (isBehind(box) === isBehind(other) && overlap(rect, otherRect)) {
        problems.push(`${nameOf(box)} and ${nameOf(other)} overlap.`);
      }
    }
  });
  return problems;
};

/** Constant texts must fit; the script sets the texts of displays. */
export const textsFit: Rule = (subject) =>
  shown(subject).flatMap(([box, [, , width]]) => {
    if (typeof box.text !== "string" || box.maxclass === "comment") return [];
    const needed = box.text.length * Number(box.fontsize) * LETTER;
    return needed <= width
      ? []
      : [`${nameOf(box)} needs ${Math.ceil(needed)} pixels for its text.`];
  });

function shown(subject: Subject): [Raw, Rect][] {
  return subject.boxes.flatMap((box): [Raw, Rect][] => {
    const rect = rectOf(box);
    return rect ? [[box, rect]] : [];
  });
}

function isBehind(box: Raw): boolean {
  return box.background === 1;
}

function overlap([ax, ay, aw, ah]: Rect, [bx, by, bw, bh]: Rect): boolean {
  return ax < bx + bw && bx < ax + aw && ay < by + bh && by < ay + ah;
}
