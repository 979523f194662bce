/** The box of a control: its object in Live or Max, and its appearance. */

import { type Control, controlsOf, type DeviceName, textOf } from "./controls.ts";
import { type Placed, parameterAttributes } from "./parameters.ts";
import type { Attributes, Box, Patch, Rect } from "./patcher.ts";

const FONT = "Ableton Sans Medium";
const FONT_SIZE = 9.5;

const MAIN_FONT = { fontname: "Ableton Sans Bold", fontsize: 11 };

/** `mode` of live.text. */
const TEXT_MODE = { button: 0, toggle: 1 } as const;
/** `justification` of comment and live.comment. */
const ALIGN = { left: 0, center: 1, right: 2 } as const;

/** Background of a display: the dark panel, or the device's surface. */
type Background = "panel" | "panel dim" | "surface";

const TEXT_COLOR: Record<Background, string> = {
  panel: "themecolor.live_lcd_title",
  "panel dim": "themecolor.live_lcd_control_fg_zombie",
  surface: "themecolor.live_control_fg",
};

export interface BoxLayout {
  rect: Rect;
  /** The most prominent button. */
  main?: boolean;
  background?: Background;
  align?: keyof typeof ALIGN;
}

/** Where the controls of a device are, and what is around them. */
export interface DeviceLayout {
  controls: Record<string, BoxLayout>;
  captions: [string, BoxLayout][];
  panels: Rect[];
}

/** Add the boxes of all controls of a device; `addRoll` adds that of the piano roll. */
export function addControls(
  patch: Patch,
  device: DeviceName,
  { controls, captions, panels }: DeviceLayout,
  addRoll?: (control: Control) => Box,
): Placed[] {
  patch.beginSection("Controls");
  for (const rect of panels) addPanel(patch, rect);
  for (const [text, layout] of captions) addCaption(patch, text, layout);
  return controlsOf(device).map((row): Placed => {
    if (row.kind === "blob") return [row, addStore(patch, row)];
    if (row.kind === "roll" && addRoll) return [row, addRoll(row)];
    const layout = controls[row.id];
    if (!layout) throw new Error(`${device}: the control "${row.id}" has no position.`);
    return [row, addControlBox(patch, row, layout)];
  });
}

function addControlBox(patch: Patch, control: Control, layout: BoxLayout): Box {
  switch (control.kind) {
    case "display":
      return display(patch, control, layout);
    case "button":
      return textBox(patch, control, layout, TEXT_MODE.button);
    case "toggle":
    case "tool":
      return textBox(patch, control, layout, TEXT_MODE.toggle);
    case "menu":
      return patch.face("live.menu", common(control), layout.rect);
    case "number":
      return patch.face("live.numbox", { ...common(control), appearance: 0 }, layout.rect);
    case "dial":
      return patch.face("live.dial", { ...common(control), appearance: 0 }, layout.rect);
    default:
      throw new Error(`control_boxes.ts: a ${control.kind} has no box.`);
  }
}

/** Add an invisible store that is saved with the Set. */
function addStore(patch: Patch, control: Control): Box {
  const { parameter_enable, ...rest } = parameterAttributes(control);
  return patch.object(`pattr ${control.id}`, {
    varname: control.id,
    ...rest,
    saved_object_attributes: {
      parameter_enable: parameter_enable ?? 0,
      initial: [control.default],
    },
  });
}

/** Add a constant text on the device's surface. */
function addCaption(patch: Patch, words: string, layout: BoxLayout): Box {
  const attributes = { text: words, ...textStyle(layout) };
  return patch.face("live.comment", attributes, layout.rect);
}

/** Add the dark panel behind displays. */
function addPanel(patch: Patch, rect: Rect): Box {
  const attributes: Attributes = {
    background: 1,
    bgcolor: [0.1, 0.1, 0.1, 1],
    mode: 0,
    rounded: 4,
    saved_attribute_attributes: { bgfillcolor: { expression: "themecolor.live_lcd_bg" } },
  };
  return patch.face("panel", attributes, rect);
}

function display(patch: Patch, control: Control, layout: BoxLayout): Box {
  const attributes = {
    ...info(control),
    ...textStyle(layout),
    text: textOf(control),
    saved_attribute_attributes: {
      textcolor: { expression: TEXT_COLOR[layout.background ?? "surface"] },
    },
  };
  return patch.face("comment", attributes, layout.rect);
}

function textBox(patch: Patch, control: Control, layout: BoxLayout, mode: number): Box {
  const words = textOf(control);
  const attributes = {
    ...common(control),
    mode,
    // On release, so that the user can still cancel a click.
    outputmode: 1,
    text: words,
    texton: words,
    ...(layout.main ? MAIN_FONT : {}),
  };
  return patch.face("live.text", attributes, layout.rect);
}

function common(control: Control): Attributes {
  return { ...info(control), fontname: FONT, fontsize: FONT_SIZE, ...parameterAttributes(control) };
}

/** Return the texts of Live's Info View, and the name that scripts use for the box. */
export function info(control: Control): Attributes {
  return { varname: control.id, annotation: control.info, annotation_name: control.label };
}

function textStyle(layout: BoxLayout): Attributes {
  return { fontname: FONT, fontsize: FONT_SIZE, textjustification: ALIGN[layout.align ?? "left"] };
}
