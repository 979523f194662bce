/** A device: its patch and files, and the JSON of the patch. */

import { type DeviceType, typeNumber } from "./container.ts";
import type { Control } from "./controls.ts";
import { type Bank, type Placed, parameterMap } from "./parameters.ts";
import {
  type Attributes,
  type Box,
  boxesJson,
  cordJson,
  type Json,
  type Patch,
} from "./patcher.ts";

/** A script: inlined in a box, or a file next to the patch. */
export interface Script {
  name: string;
  source: string;
}

/** A script inlined in a box. */
interface Code extends Script {
  box: Box;
}

export interface DevicePlan {
  /** The file's name without its extension. */
  name: string;
  type: DeviceType;
  patch: Patch;
  /** All controls that have a box. */
  placed: Placed[];
  banks: Bank[];
  width: number;
  height: number;
  codes: Code[];
  /** Files that must be next to the patch. */
  files: Script[];
}

const LOWEST_LIVE = "12.2";
const LOWEST_MAX = "9.0";
/** Seconds from 1904 to 1 January 2026: a constant, so that builds are reproducible. */
const BUILT_AT = 3_850_070_400;

/** Return the patch as Max reads it. */
export function patchJson(plan: DevicePlan): Json {
  const { width, height } = plan;
  return {
    patcher: {
      fileversion: 1,
      appversion: { major: 9, minor: 0, revision: 8, architecture: "x64", modernui: 1 },
      classnamespace: "box",
      rect: [80, 100, 1400, 900],
      openrect: [0, 0, width, height],
      openinpresentation: 1,
      default_fontsize: 10,
      default_fontname: "Ableton Sans Medium",
      gridsize: [8, 8],
      boxanimatetime: 500,
      latency: 0,
      is_mpe: 0,
      platform_compatibility: 0,
      minimum_live_version: LOWEST_LIVE,
      minimum_max_version: LOWEST_MAX,
      boxes: boxesJson(plan.patch),
      lines: plan.patch.cords.map(cordJson),
      parameters: parameterMap(plan.placed, plan.banks),
      dependency_cache: plan.files.map((file) => dependency(file)),
      project: project(plan),
      autosave: 0,
    },
  };
}

function dependency(file: Script): Attributes {
  return { name: file.name, bootpath: ".", type: "TEXT", implicit: 1 };
}

function project(plan: DevicePlan): Attributes {
  const code = plan.files.map((file) => [file.name, { kind: "javascript", local: 1 }]);
  return {
    version: 1,
    creationdate: BUILT_AT,
    modificationdate: BUILT_AT,
    viewrect: [0, 0, 300, 500],
    // 1 would let Max move our files into its own folders.
    autoorganize: 0,
    hideprojectwindow: 1,
    showdependencies: 1,
    autolocalize: 0,
    contents: { patchers: {}, code: Object.fromEntries(code) as Attributes },
    layout: {},
    searchpath: {},
    detailsvisible: 0,
    amxdtype: typeNumber(plan.type),
    readonly: 0,
    devpathtype: 0,
    devpath: ".",
    sortmode: 0,
    viewmode: 0,
    includepackages: 0,
  };
}

export function boxOf(plan: DevicePlan, id: string): Box {
  const found = plan.placed.find(([control]: [Control, Box]) => control.id === id);
  if (!found) {
    throw new Error(`${plan.name}: the control "${id}" has no box.`);
  }
  return found[1];
}
