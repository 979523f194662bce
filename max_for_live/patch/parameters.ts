/** Live's parameter of a control: type, range, names, units and visibility. */

import { type Control, isParameter } from "./controls.ts";
import type { Attributes, Box, Json } from "./patcher.ts";

/** `parameter_type` of Max for Live. */
const TYPE = { float: 0, int: 1, enum: 2, blob: 3 } as const;
/** `parameter_invisible`: 1 and 2 also hide it from Live's list of parameters. */
const INVISIBLE = { automated: 0, stored: 1, hidden: 2 } as const;
/** `parameter_unitstyle`. */
const UNIT_STYLE = { int: 0, float: 1, percent: 5, custom: 9 } as const;
/** `parameter_modmode`: none, and the mode of numbers in Live's own devices. */
const MODULATION = { none: 0, number: 4 } as const;

export const BANK_SLOTS = 8;
const EMPTY_SLOT = "-";

/** Return the attributes that make a box a parameter of Live. */
export function parameterAttributes(control: Control): Attributes {
  if (!isParameter(control)) return { parameter_enable: 0 };
  return {
    parameter_enable: 1,
    saved_attribute_attributes: { valueof: valueAttributes(control) },
  };
}

function valueAttributes(control: Control): Attributes {
  const value: Attributes = {
    parameter_annotation_name: control.label,
    parameter_info: control.info,
    parameter_invisible: INVISIBLE[control.stored],
    parameter_linknames: 1,
    parameter_longname: control.label,
    parameter_modmode: isNumber(control) ? MODULATION.number : MODULATION.none,
    parameter_shortname: control.short,
    parameter_type: TYPE[control.type as keyof typeof TYPE],
  };
  Object.assign(value, rangeOf(control));
  value.parameter_initial = [control.default as Json];
  // A control that is not saved has no output when the device is loaded: its value would be old.
  value.parameter_initial_enable = control.stored === "hidden" ? 0 : 1;
  return value;
}

function rangeOf(control: Control): Attributes {
  if (control.type === "enum") {
    const entries = control.entries ?? [];
    return { parameter_enum: entries, parameter_mmax: entries.length - 1 };
  }
  if (control.range) {
    const [low, high] = control.range;
    return { parameter_mmin: low, parameter_mmax: high, ...unitOf(control) };
  }
  return {};
}

function unitOf(control: Control): Attributes {
  if (control.unit === "%") return { parameter_unitstyle: UNIT_STYLE.percent };
  if (control.unit !== "") {
    return { parameter_unitstyle: UNIT_STYLE.custom, parameter_units: unitText(control) };
  }
  return { parameter_unitstyle: showsWhole(control) ? UNIT_STYLE.int : UNIT_STYLE.float };
}

/** Keep a printf format; put a unit after a whole number. */
function unitText(control: Control): string {
  return control.unit.includes("%") ? control.unit : `%d ${control.unit}`;
}

/** Whether it shows whole numbers: an int, or a float with too many values for an int. */
function showsWhole(control: Control): boolean {
  return control.type === "int" || (control.range?.[1] ?? 0) > 255;
}

function isNumber(control: Control): boolean {
  return control.type === "int" || control.type === "float";
}

/** A control and its box. */
export type Placed = [Control, Box];

/** Return the map from boxes to names and order; Live saves only parameters in this map. */
export function parameterMap(placed: Placed[], banks: Bank[]): Json {
  const map: Attributes = {};
  placed
    .filter(([control]) => isParameter(control))
    .forEach(([control, box], order) => {
      map[box.id] = [control.label, control.short, order];
    });
  map.parameterbanks = Object.fromEntries(
    banks.map((bank, index) => [String(index), bankJson(bank, index)]),
  );
  map.inherited_shortname = 1;
  return map;
}

/** A page of eight dials on Push. */
export interface Bank {
  name: string;
  controls: Control[];
}

function bankJson(bank: Bank, index: number): Json {
  const names = bank.controls.map((control) => control.label);
  const empty = Array.from({ length: BANK_SLOTS - names.length }, () => EMPTY_SLOT);
  return {
    index,
    name: bank.name,
    parameters: [...names, ...empty],
    buttons: Array.from({ length: BANK_SLOTS }, () => EMPTY_SLOT),
  };
}
