/** What the device shows; the patch turns each into a message to a box. */

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

/** A note of the small piano roll. */
export interface RollNote {
  pitch: number;
  /** Beats. */
  start: number;
  duration: number;
  /** 1 to 127. */
  velocity: number;
  /** Whether it belongs to the primer rather than to what was written. */
  primer: boolean;
}

export class CachingView implements View {
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
