/** What the device shows; the patch turns each call into a message to a box. */

/** States of the connection to the server. */
export type Connection = "starting" | "no server" | "connected" | "busy" | "error";

export interface View {
  set(id: string, value: number | string): void;
  /** Rename the entries of a menu; the value stays if possible. */
  entries(id: string, entries: string[]): void;
  range(id: string, low: number, high: number): void;
  text(id: string, text: string): void;
  /** Enable a control, or gray it out. */
  active(id: string, active: boolean): void;
  visible(id: string, visible: boolean): void;
  connection(state: Connection, text: string, path: "gRPC" | "HTTP" | ""): void;
  /** Show the candidate in the piano roll; `length` in beats. */
  roll(notes: RollNote[], length: number): void;
}

export interface RollNote {
  pitch: number;
  /** Beats. */
  start: number;
  duration: number;
  /** 1 to 127. */
  velocity: number;
  /** Whether it belongs to the primer rather than to the generated notes. */
  primer: boolean;
}

export class CachingView implements View {
  private readonly shown = new Map<string, string>();

  constructor(private readonly view: View) {}

  /** The user has moved the control, so its last known value is out of date. */
  moved(id: string): void {
    this.shown.delete(`set ${id}`);
  }

  set(id: string, value: number | string): void {
    if (this.isNew("set", id, value)) this.view.set(id, value);
  }

  entries(id: string, entries: string[]): void {
    this.view.entries(id, entries);
    this.moved(id);
  }

  range(id: string, low: number, high: number): void {
    if (!this.isNew("range", id, `${low} ${high}`)) return;
    this.view.range(id, low, high);
    this.moved(id);
  }

  text(id: string, text: string): void {
    if (this.isNew("text", id, text)) this.view.text(id, text);
  }

  active(id: string, active: boolean): void {
    if (this.isNew("active", id, active)) this.view.active(id, active);
  }

  visible(id: string, visible: boolean): void {
    if (this.isNew("visible", id, visible)) this.view.visible(id, visible);
  }

  connection(state: Connection, text: string, path: "gRPC" | "HTTP" | ""): void {
    this.view.connection(state, text, path);
  }

  roll(notes: RollNote[], length: number): void {
    this.view.roll(notes, length);
  }

  private isNew(what: string, id: string, value: number | string | boolean): boolean {
    const key = `${what} ${id}`;
    if (this.shown.get(key) === String(value)) return false;
    this.shown.set(key, String(value));
    return true;
  }
}
