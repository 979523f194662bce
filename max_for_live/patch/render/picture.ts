/** A device's presentation view as SVG, and as PNG with the same font on all machines. */

import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";
import type { Rect } from "../patcher.ts";
import { drawBox } from "./boxes.ts";
import { box, element, words } from "./svg.ts";
import type { Theme } from "./theme.ts";
import type { View } from "./views.ts";

type Raw = Record<string, unknown>;

/** Live's title bar above the device. */
const HEADER = 17;
const MARGIN = 6;
const SCALE = 2;
const TITLE_SIZE = 9.5;
const SMALL_TITLE_SIZE = 8;
const FONT_FAMILY = "Inter";
const FONTS = ["500Medium/Inter_500Medium.ttf", "600SemiBold/Inter_600SemiBold.ttf"];

/** Return the view as SVG. */
export function drawView(patch: Raw, view: View, theme: Theme): string {
  const patcher = patch.patcher as Raw;
  const [, , width, height] = patcher.openrect as Rect;
  const boxes = (patcher.boxes as { box: Raw }[]).map((one) => one.box);
  const inside = inDrawingOrder(boxes).map((raw) => drawBox(raw, theme, view.state));
  return frame(
    width,
    height,
    view.device,
    theme,
    inside.filter((part) => part !== ""),
  );
}

/** Panels are behind everything else. */
function inDrawingOrder(boxes: Raw[]): Raw[] {
  return [
    ...boxes.filter((one) => one.background === 1),
    ...boxes.filter((one) => one.background !== 1),
  ];
}

function frame(
  width: number,
  height: number,
  title: string,
  theme: Theme,
  parts: string[],
): string {
  const [outerWidth, outerHeight] = [width + 2 * MARGIN, height + HEADER + 2 * MARGIN];
  const lines = [
    box([0, 0, outerWidth, outerHeight], theme.desktop),
    box([MARGIN, MARGIN, width, HEADER + height], theme.surface, { rx: 3 }),
    element("path", {
      d: `M${MARGIN} ${MARGIN + HEADER}v-${HEADER - 3}q0-3 3-3h${width - 6}q3 0 3 3v${HEADER - 3}z`,
      fill: theme.header,
    }),
    element("circle", { cx: MARGIN + 9, cy: MARGIN + HEADER / 2, r: 3.5, fill: theme.selection }),
    words([MARGIN + 18, MARGIN, width, HEADER], {
      text: title,
      fill: theme.text,
      size: titleSize(width, title),
      weight: 600,
    }),
    element(
      "g",
      { transform: `translate(${MARGIN} ${MARGIN + HEADER})` },
      `\n${parts.join("\n")}\n`,
    ),
  ];
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: outerWidth,
      height: outerHeight,
      viewBox: `0 0 ${outerWidth} ${outerHeight}`,
      "font-family": `${FONT_FAMILY}, sans-serif`,
    },
    `\n${lines.join("\n")}\n`,
  )}\n`;
}

/** A MIDI Tool is narrow, and its name is long. */
function titleSize(width: number, title: string): number {
  return title.length * TITLE_SIZE * 0.6 < width ? TITLE_SIZE : SMALL_TITLE_SIZE;
}

export function toPng(svg: string): Buffer {
  const resolve = createRequire(import.meta.url).resolve;
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: SCALE },
    font: {
      fontFiles: FONTS.map((file) => resolve(`@expo-google-fonts/inter/${file}`)),
      loadSystemFonts: false,
      defaultFontFamily: FONT_FAMILY,
    },
  });
  return Buffer.from(picture.render().asPng());
}
