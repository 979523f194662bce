/** What the device shows; the patch turns each into a message to a box. */

import type { RollNote } from "./piano_roll.ts";

/** The Connection strip's states. */
export type Connection = "starting" | "no server" | "connected" | "busy" | "error";

export interface View {
  /** Sets a control without its speaking up. */
  set(id: string, value: number | string): void;
  /** Renames the entries of a menu; the value stays where it can. */
  entries(id: string, entries: string[]): void;
  range(id: string, low: number, high: number): void;
  /** The text of a display or of a label. */
  text(id: string, text: string): void;
  /** Grays a control out, or brings it back. */
  active(id: string, active: boolean): void;
  visible(id: string, visible: boolean): void;
  /** The Connection strip. */
  connection(state: Connection, text: string, path: "gRPC" | "HTTP" | ""): void;
  /** The piano roll of the candidate in view. Beats; `length` of the whole. */
  roll(notes: RollNote[], length: number): void;
}
