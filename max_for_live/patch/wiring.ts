/** Connections that every device has: from controls to the script, and back. */

import { info } from "./control_boxes.ts";
import type { Control } from "./controls.ts";
import { portsOfCode } from "./objects.ts";
import type { Placed } from "./parameters.ts";
import type { Box, Patch, Rect } from "./patcher.ts";

/** Add a v8 box that contains its script. */
export function addCode(patch: Patch, source: string, inlets: number, outlets: number): Box {
  return patch.box("v8.codebox", portsOfCode(inlets, outlets), {
    code: source,
    filename: "none",
    fontface: 0,
    fontname: "<Monospaced>",
    fontsize: 12,
    saved_object_attributes: { parameter_enable: 0 },
  });
}

/** Add a v8ui box that contains its script. */
export function addDrawing(patch: Patch, control: Control, source: string, rect: Rect): Box {
  const textfile = { text: source, filename: "none", flags: 0, embed: 1, autowatch: 0 };
  const attributes = {
    ...info(control),
    border: 0,
    filename: "none",
    parameter_enable: 0,
    textfile,
  };
  return patch.face("v8ui", attributes, rect);
}

/** Send `control ID VALUE...` to `target` when a control is moved. */
export function connectControls(patch: Patch, placed: Placed[], target: Box): void {
  for (const [control, box] of placed) {
    if (control.kind === "button") {
      patch.chain(box, patch.message(`control ${control.id}`), target);
    } else if (WITH_OUTPUT.has(control.kind)) {
      patch.chain(box, patch.object(`prepend control ${control.id}`), target);
    }
  }
}

const WITH_OUTPUT = new Set<Control["kind"]>(["toggle", "tool", "menu", "number", "dial"]);

/** Route `ID set V`, `ID active 0`, `ID text ...` to the named boxes. */
export function connectUpdates(patch: Patch, placed: Placed[], from: Outlet, stores: Stores): void {
  const named = placed.filter(([control]) => control.kind !== "roll");
  const router = patch.object(`route ${named.map(([control]) => control.id).join(" ")}`);
  patch.cord(from.box, from.outlet, router);
  named.forEach(([control, box], index) => {
    const inlet = control.kind === "display" ? displayInlet(patch, box) : stores.get(control.id);
    patch.cord(router, index, inlet ?? box);
  });
}

export interface Outlet {
  box: Box;
  outlet: number;
}

/** A comment displays the text after `set`. */
function displayInlet(patch: Patch, display: Box): Box {
  const words = patch.object("route text set");
  const set = patch.object("prepend set");
  patch.cord(words, 0, set);
  patch.cord(words, 1, set);
  patch.cord(set, 0, display);
  return words;
}

/** Inlet for `set VALUE` of each store, by the control's id. */
type Stores = Map<string, Box>;

/** Send `control ID VALUE` when the Set restores a stored value; return the stores' inlets. */
export function addStores(patch: Patch, placed: Placed[], target: Box): Stores {
  const stores: Stores = new Map();
  for (const [control, box] of placed.filter(([one]) => one.kind === "blob")) {
    const gate = patch.object("gate 1 1");
    patch.cord(box, 0, gate, 1);
    patch.chain(gate, patch.object(`prepend control ${control.id}`), target);
    stores.set(control.id, storeInlet(patch, box, gate));
  }
  return stores;
}

/** A store outputs what it receives; a closed gate keeps that from the script. */
function storeInlet(patch: Patch, store: Box, gate: Box): Box {
  const route = patch.object("route set");
  const order = patch.object("t b l b");
  const [open, shut] = [patch.message("1"), patch.message("0")];
  patch.cord(route, 0, order);
  patch.cord(order, 2, shut);
  patch.cord(shut, 0, gate);
  patch.cord(order, 1, store);
  patch.cord(order, 0, open);
  patch.cord(open, 0, gate);
  return route;
}
