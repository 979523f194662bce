/** A view that does not say twice what is shown already, for lists are read again and again. */

import type { RollNote } from "./piano_roll.ts";
import type { Connection, View } from "./view.ts";

export class QuietView implements View {
  private readonly shown = new Map<string, string>();

  constructor(private readonly view: View) {}

  /** The control has been moved by hand: what is known of its value does not hold any more. */
  moved(id: string): void {
    this.shown.delete(`set ${id}`);
  }

  set(id: string, value: number | string): void {
    if (this.isNew(`set ${id}`, String(value))) this.view.set(id, value);
  }

  entries(id: string, entries: string[]): void {
    this.view.entries(id, entries);
    this.moved(id);
  }

  range(id: string, low: number, high: number): void {
    if (!this.isNew(`range ${id}`, `${low} ${high}`)) return;
    this.view.range(id, low, high);
    this.moved(id);
  }

  text(id: string, text: string): void {
    if (this.isNew(`text ${id}`, text)) this.view.text(id, text);
  }

  active(id: string, active: boolean): void {
    if (this.isNew(`active ${id}`, String(active))) this.view.active(id, active);
  }

  visible(id: string, visible: boolean): void {
    if (this.isNew(`visible ${id}`, String(visible))) this.view.visible(id, visible);
  }

  connection(state: Connection, text: string, path: "gRPC" | "HTTP" | ""): void {
    this.view.connection(state, text, path);
  }

  roll(notes: RollNote[], length: number): void {
    this.view.roll(notes, length);
  }

  private isNew(what: string, value: string): boolean {
    if (this.shown.get(what) === value) return false;
    this.shown.set(what, value);
    return true;
  }
}
