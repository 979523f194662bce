/** The box that stands for a control: which object of Live or Max, with which looks. */

import { type Control, wordsOn } from "./controls.ts";
import { parameterAttributes } from "./parameters.ts";
import type { Attributes, Box, Patch, Rect } from "./patcher.ts";

export const FONT = "Ableton Sans Medium";
export const FONT_SIZE = 9.5;

const MAIN_FONT = { fontname: "Ableton Sans Bold", fontsize: 11 };

/** `mode` of live.text. */
export const TEXT_MODE = { button: 0, toggle: 1 } as const;
/** `justification` of comment and live.comment. */
export const ALIGN = { left: 0, center: 1, right: 2 } as const;

/** Where a display stands: on the dark panel, or on the device's own surface. */
export type Ground = "panel" | "panel dim" | "surface";

const TEXT_COLOR: Record<Ground, string> = {
  panel: "themecolor.live_lcd_title",
  "panel dim": "themecolor.live_lcd_control_fg_zombie",
  surface: "themecolor.live_control_fg",
};

export interface Look {
  rect: Rect;
  /** For the one button that the eye shall find first. */
  main?: boolean;
  ground?: Ground;
  align?: keyof typeof ALIGN;
}

/** Adds the control's box to the patch. */
export function addFace(patch: Patch, control: Control, look: Look): Box {
  switch (control.kind) {
    case "display":
      return display(patch, control, look);
    case "button":
      return textBox(patch, control, look, TEXT_MODE.button);
    case "toggle":
    case "tool":
      return textBox(patch, control, look, TEXT_MODE.toggle);
    case "menu":
      return patch.face("live.menu", common(control), look.rect);
    case "number":
      return patch.face("live.numbox", { ...common(control), appearance: 0 }, look.rect);
    case "dial":
      return patch.face("live.dial", { ...common(control), appearance: 0 }, look.rect);
    default:
      throw new Error(`faces.ts: a ${control.kind} has no face of its own.`);
  }
}

/** A store without a face, saved with the Set. */
export function addStore(patch: Patch, control: Control): Box {
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

/** Words that never change, on the device's surface. */
export function addCaption(patch: Patch, words: string, look: Look): Box {
  const attributes = { text: words, ...textLook(look) };
  return patch.face("live.comment", attributes, look.rect);
}

/** The dark panel behind displays. */
export function addPanel(patch: Patch, rect: Rect): Box {
  const attributes: Attributes = {
    background: 1,
    bgcolor: [0.1, 0.1, 0.1, 1],
    mode: 0,
    rounded: 4,
    saved_attribute_attributes: { bgfillcolor: { expression: "themecolor.live_lcd_bg" } },
  };
  return patch.face("panel", attributes, rect);
}

function display(patch: Patch, control: Control, look: Look): Box {
  const attributes = {
    ...info(control),
    ...textLook(look),
    text: wordsOn(control),
    saved_attribute_attributes: {
      textcolor: { expression: TEXT_COLOR[look.ground ?? "surface"] },
    },
  };
  return patch.face("comment", attributes, look.rect);
}

function textBox(patch: Patch, control: Control, look: Look, mode: number): Box {
  const words = wordsOn(control);
  const attributes = {
    ...common(control),
    mode,
    // On release, so that a slip of the mouse can be taken back.
    outputmode: 1,
    text: words,
    texton: words,
    ...(look.main ? MAIN_FONT : {}),
  };
  return patch.face("live.text", attributes, look.rect);
}

function common(control: Control): Attributes {
  return { ...info(control), fontname: FONT, fontsize: FONT_SIZE, ...parameterAttributes(control) };
}

/** What Live's Info View shows, and the name that scripts know the box by. */
export function info(control: Control): Attributes {
  return { varname: control.id, annotation: control.info, annotation_name: control.label };
}

function textLook(look: Look): Attributes {
  return { fontname: FONT, fontsize: FONT_SIZE, textjustification: ALIGN[look.align ?? "left"] };
}
