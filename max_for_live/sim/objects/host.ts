/** Objects that connect a patch with its environment: Live, MIDI ports, dialogs, its own boxes. */

import { BANG, fromAtoms, type Message, number, numberIn, toAtoms } from "./message.ts";
import type { Box, BoxContext, MaxObject, ObjectFactory } from "./object.ts";

/** `live.thisdevice`: reports that Live's API is available, and whether the device is on. */
export class ThisDevice implements MaxObject {
  constructor(private readonly context: BoxContext) {}

  receive(): boolean {
    return false;
  }

  ready(): void {
    this.context.out(2, number(0));
    this.context.out(1, number(1));
    this.context.out(0, BANG);
  }

  enable(on: boolean): void {
    this.context.out(1, number(on ? 1 : 0));
  }
}

/** `midiin`: bytes from the track. */
export class MidiIn implements MaxObject {
  constructor(private readonly context: BoxContext) {}

  receive(): boolean {
    return false;
  }

  receiveBytes(bytes: number[]): void {
    for (const byte of bytes) this.context.out(0, number(byte));
  }
}

/** One MIDI message that left the device. */
export interface MidiMessage {
  /** Milliseconds on the device's clock. */
  at: number;
  bytes: number[];
}

/** `midiout`: records what the device sends to the track. */
export class MidiOut implements MaxObject {
  readonly sent: MidiMessage[] = [];
  private bytes: number[] = [];

  constructor(private readonly context: BoxContext) {}

  receive(_inlet: number, message: Message): boolean {
    const byte = numberIn(message);
    if (byte === undefined || byte < 0 || byte > 255) return false;
    if (byte >= 0x80) this.bytes = [];
    this.bytes.push(byte);
    const status = this.bytes[0] as number;
    if (this.bytes.length === (status >= 0xc0 && status < 0xe0 ? 2 : 3)) {
      this.sent.push({ at: this.context.clock.now(), bytes: this.bytes });
      this.bytes = [];
    }
    return true;
  }
}

/** `opendialog`: outputs the path of a file, or a bang on the right if none was chosen. */
export class OpenDialog implements MaxObject {
  open = false;
  constructor(private readonly context: BoxContext) {}

  receive(_inlet: number, message: Message): boolean {
    if (message.selector !== "bang") return false;
    this.open = true;
    return true;
  }

  /** Choose a file; null to cancel. */
  answer(path: string | null): void {
    if (!this.open) throw new Error("No dialog is open.");
    this.open = false;
    if (path === null) this.context.out(1, BANG);
    else this.context.out(0, fromAtoms([path]));
  }
}

/** `thispatcher`: shows and hides boxes by their scripting names. */
export class ThisPatcher implements MaxObject {
  readonly hidden = new Set<string>();
  /** Boxes that were shown or hidden at least once. */
  readonly touched = new Set<string>();
  private readonly names: () => Iterable<Box>;

  constructor(
    private readonly context: BoxContext,
    boxes: () => Iterable<Box>,
  ) {
    this.names = boxes;
  }

  receive(_inlet: number, message: Message): boolean {
    const [verb, name, word, value] = message.args;
    if (message.selector !== "script") return false;
    if (![...this.names()].some((box) => box.varname === name)) {
      this.context.error(`there is no box ${name}`);
      return true;
    }
    this.touched.add(String(name));
    if (verb === "hide" || (verb === "sendbox" && word === "hidden" && value === 1)) {
      this.hidden.add(String(name));
      return true;
    }
    if (verb === "show" || (verb === "sendbox" && word === "hidden" && value === 0)) {
      this.hidden.delete(String(name));
      return true;
    }
    return false;
  }
}

/** `print`: writes to Max's window. */
export const print: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    context.error(`printed: ${toAtoms(message).join(" ")}`);
    return true;
  },
});

export const paint: ObjectFactory = () => ({ receive: () => false });
