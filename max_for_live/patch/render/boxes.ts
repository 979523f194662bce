/** Draws each kind of box as Live does, with one pixel per unit. */

import type { Rect } from "../patcher.ts";
import { drawRoll } from "./piano_roll.ts";
import { type Align, arc, box, element, onCircle, path, SIZE, words } from "./svg.ts";
import type { Theme } from "./theme.ts";
import type { ViewState } from "./views.ts";

type Raw = Record<string, unknown>;

/** What a box shows in a view. */
interface Shown {
  rect: Rect;
  theme: Theme;
  id: string;
  raw: Raw;
  parameter: Raw;
  view: ViewState;
  active: boolean;
}

const DRAWERS: Record<string, (shown: Shown) => string> = {
  comment: drawComment,
  "live.comment": drawComment,
  "live.dial": drawDial,
  "live.menu": drawMenu,
  "live.numbox": drawNumbox,
  "live.text": drawText,
  panel: ({ rect, theme }) => box(rect, theme.panel, { rx: 3 }),
  v8ui: drawScript,
};

/** Return the box's picture; "" for a hidden or invisible box. */
export function drawBox(raw: Raw, theme: Theme, view: ViewState): string {
  const rect = raw.presentation_rect as Rect | undefined;
  const id = (raw.varname as string) ?? "";
  const draw = DRAWERS[raw.maxclass as string];
  if (!rect || !draw || view.hidden.includes(id)) return "";
  const saved = raw.saved_attribute_attributes as { valueof?: Raw } | undefined;
  const active = !view.inactive.includes(id);
  return draw({ rect, theme, id, raw, parameter: saved?.valueof ?? {}, view, active });
}

function drawScript({ rect, theme, raw, view }: Shown): string {
  return drawRoll(rect, theme, view.roll, String((raw.textfile as Raw).text));
}

const ALIGNS: Align[] = ["start", "middle", "end"];

function drawComment({ rect, theme, id, raw, view }: Shown): string {
  const text = view.texts[id] ?? (raw.text as string) ?? "";
  const align = ALIGNS[(raw.textjustification as number) ?? 0] as Align;
  const lines = wrap(text, rect);
  const [x, y, width, height] = rect;
  // Max's text starts at the top of the box.
  const each = lines.length > 1 || height >= 2 * LINE ? LINE : height;
  return lines
    .map((line, index) =>
      words([x, y + index * each, width, each], {
        text: line,
        fill: commentColor(raw, theme),
        align,
      }),
    )
    .join("");
}

const LINE = 12.5;
/** Average width of a letter, relative to the font size. */
const LETTER = 0.53;

function wrap(text: string, [, , width, height]: Rect): string[] {
  const most = Math.floor(width / (SIZE * LETTER));
  if (height < 2 * SIZE + 4 || text.length <= most) return [text];
  const space = text.lastIndexOf(" ", most);
  return [text.slice(0, space), text.slice(space + 1)];
}

function commentColor(raw: Raw, theme: Theme): string {
  const saved = raw.saved_attribute_attributes as
    | { textcolor?: { expression: string } }
    | undefined;
  const colors: Record<string, string> = {
    "themecolor.live_lcd_title": theme.panelText,
    "themecolor.live_lcd_control_fg_zombie": theme.panelDim,
  };
  return colors[saved?.textcolor?.expression ?? ""] ?? theme.text;
}

const SWEEP_FROM = -135;
const SWEEP = 270;
const LABEL_HEIGHT = 13;

function drawDial(shown: Shown): string {
  const { rect, theme, parameter, active } = shown;
  const [x, y, width, height] = rect;
  const [middle, center, radius] = [x + width / 2, y + 25, 10.5];
  const end = SWEEP_FROM + SWEEP * partOf(shown);
  const fill = active ? theme.text : theme.dim;
  const [tipX, tipY] = onCircle(middle, center, radius + 1.5, end);
  const stroke = { "stroke-width": 3, "stroke-linecap": "butt" };
  return [
    words([x, y, width, LABEL_HEIGHT], {
      text: String(parameter.parameter_shortname),
      fill,
      align: "middle",
    }),
    path(arc(middle, center, radius, SWEEP_FROM, SWEEP_FROM + SWEEP), {
      stroke: theme.track,
      ...stroke,
    }),
    end > SWEEP_FROM && active
      ? path(arc(middle, center, radius, SWEEP_FROM, end), { stroke: theme.arc, ...stroke })
      : "",
    path(`M${middle} ${center}L${tipX.toFixed(2)} ${tipY.toFixed(2)}`, {
      stroke: active ? theme.needle : theme.dim,
      "stroke-width": 2,
    }),
    words([x, y + height - LABEL_HEIGHT, width, LABEL_HEIGHT], {
      text: valueText(shown),
      fill,
      align: "middle",
    }),
  ].join("");
}

function drawNumbox(shown: Shown): string {
  const { rect, theme, active } = shown;
  return (
    box(rect, theme.control) +
    words(rect, { text: valueText(shown), fill: active ? theme.text : theme.dim, align: "middle" })
  );
}

function drawMenu(shown: Shown): string {
  const { rect, theme, active } = shown;
  const [x, y, width, height] = rect;
  const fill = active ? theme.text : theme.dim;
  const [tip, middle] = [x + width - 8, y + height / 2 + 2];
  return (
    box(rect, theme.control) +
    words([x + 5, y, width - 20, height], { text: valueText(shown), fill }) +
    element("path", { d: `M${tip - 4} ${middle - 4}h8l-4 5z`, fill })
  );
}

function drawText(shown: Shown): string {
  const { rect, theme, id, raw, view, active } = shown;
  const on = raw.mode === 1 && value(shown) === 1;
  const text = view.texts[id] ?? (raw.text as string);
  const ink = on ? theme.selectionText : theme.text;
  return (
    box(rect, on && active ? theme.selection : theme.control) +
    words(rect, { text, fill: active ? ink : theme.dim, align: "middle", ...letters(raw) })
  );
}

function letters(raw: Raw): { size: number; weight: number } {
  const bold = String(raw.fontname).endsWith("Bold");
  return { size: raw.fontsize as number, weight: bold ? 600 : 500 };
}

function value({ id, parameter, view }: Shown): number {
  const initial = (parameter.parameter_initial as number[] | undefined)?.[0] ?? 0;
  return view.values[id] ?? initial;
}

function partOf(shown: Shown): number {
  const low = (shown.parameter.parameter_mmin as number) ?? 0;
  const high = (shown.parameter.parameter_mmax as number) ?? 1;
  return (value(shown) - low) / (high - low);
}

function valueText(shown: Shown): string {
  const now = value(shown);
  const { parameter, view, id } = shown;
  if (parameter.parameter_enum) {
    return (view.entries[id] ?? (parameter.parameter_enum as string[]))[now] ?? "";
  }
  switch (parameter.parameter_unitstyle) {
    case 0:
      return String(Math.round(now));
    case 5:
      return `${Math.round(now)} %`;
    case 9:
      return String(parameter.parameter_units).replace(/%[dg]/, String(now));
    default:
      return now.toFixed(2);
  }
}
