/**
 * Script of the main device, for v8.codebox. Each export is a message that the patch sends.
 *
 * Inlet 0 receives all messages; `max_view.ts` names the outlets.
 */

import { Bridge } from "./bridge.ts";
import { systemPath } from "./max_host.ts";
import { OUT } from "./max_view.ts";

type Atom = number | string;

export const ports = { inlets: 1, outlets: Object.keys(OUT).length };

let instance: Bridge | null = null;
let isClosed = false;

/** Create nothing while the script is loaded: Max has no outlets yet. */
function bridge(): Bridge | null {
  if (isClosed) return null;
  instance ??= new Bridge();
  return instance;
}

export function live_ready(): void {
  bridge()?.ready();
}

export function enabled(on: number): void {
  bridge()?.live.enabled(Number(on) !== 0);
}

export function control(id: string, ...values: Atom[]): void {
  bridge()?.control(String(id), values);
}

export function node(selector: string, ...words: Atom[]): void {
  bridge()?.live.node(String(selector), ...words);
}

export function node_status(...words: Atom[]): void {
  bridge()?.live.nodeStatus(...words);
}

export function note_in(pitch: number, velocity: number): void {
  bridge()?.live.noteIn(Number(pitch), Number(velocity));
}

export function picked(...path: Atom[]): void {
  bridge()?.live.picked(systemPath(path.join(" ")));
}

export function roll_clicked(): void {
  bridge()?.live.rollClicked();
}

export function closing(): void {
  instance?.close();
  isClosed = true;
}

/** Max calls this when the object is deleted. */
export function notifydeleted(): void {
  closing();
}
