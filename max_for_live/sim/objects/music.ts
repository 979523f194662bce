/** Objects for notes and MIDI bytes: `pipe`, `makenote`, `midiformat`, `midiflush`, and so on. */

import { type Atom, fromAtoms, number, numberIn, toAtoms } from "./message.ts";
import type { ObjectFactory } from "./object.ts";

/** Delay a list by its last argument, in milliseconds. */
export const pipe: ObjectFactory = (context) => {
  const values = [...(context.args.length > 0 ? context.args : [0])];
  const waiting = new Set<() => void>();
  const start = (): void => {
    const items = values.slice(0, -1);
    const cancel = context.clock.after(Math.max(0, Number(values.at(-1))), () => {
      waiting.delete(cancel);
      context.main.run(() => {
        for (let i = items.length - 1; i >= 0; i -= 1)
          context.out(i, fromAtoms([items[i] as Atom]));
      });
    });
    waiting.add(cancel);
  };
  return {
    receive: (inlet, message) => {
      if (message.selector === "clear" || message.selector === "stop") {
        for (const cancel of waiting) cancel();
        waiting.clear();
        return true;
      }
      const atoms = message.selector === "bang" ? [] : toAtoms(message);
      if (atoms.some((atom) => typeof atom !== "number")) return false;
      atoms.forEach((atom, offset) => {
        if (inlet + offset < values.length) values[inlet + offset] = atom;
      });
      if (inlet === 0) start();
      return true;
    },
    freed: () => {
      for (const cancel of waiting) cancel();
    },
  };
};

/** Output the start of a note, and its end after the duration in milliseconds. */
export const makenote: ObjectFactory = (context) => {
  const values = [0, Number(context.args[0] ?? 0), Number(context.args[1] ?? 0)];
  const sounding = new Map<() => void, number>();
  const output = (pitch: number, velocity: number): void => {
    context.out(1, number(velocity));
    context.out(0, number(pitch));
  };
  const start = (): void => {
    const [pitch, velocity, duration] = values as [number, number, number];
    output(pitch, velocity);
    if (velocity === 0) return;
    const cancel = context.clock.after(Math.max(0, duration), () => {
      sounding.delete(cancel);
      context.main.run(() => output(pitch, 0));
    });
    sounding.set(cancel, pitch);
  };
  const forget = (): number[] => {
    const pitches = [...sounding.values()];
    for (const cancel of sounding.keys()) cancel();
    sounding.clear();
    return pitches;
  };
  return {
    receive: (inlet, message) => {
      if (message.selector === "stop") {
        for (const pitch of forget()) output(pitch, 0);
        return true;
      }
      if (message.selector === "clear") {
        forget();
        return true;
      }
      if (numberIn(message) === undefined) return false;
      toAtoms(message).forEach((atom, offset) => {
        if (inlet + offset < 3) values[inlet + offset] = Number(atom);
      });
      if (inlet === 0) start();
      return true;
    },
    freed: () => {
      forget();
    },
  };
};

/** Status bytes by inlet. */
const HEADS = [0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0];

/** Make MIDI bytes; the last inlet is the channel, from 1. */
export const midiformat: ObjectFactory = (context) => {
  let channel = Number(context.args[0] ?? 1);
  return {
    receive: (inlet, message) => {
      const values = toAtoms(message).map(Number);
      if (numberIn(message) === undefined) return false;
      if (inlet === HEADS.length) {
        channel = values[0] as number;
        return true;
      }
      const bytes = [(HEADS[inlet] as number) + channel - 1, ...values];
      context.out(1, fromAtoms(["midievent", ...bytes]));
      for (const byte of bytes) context.out(0, number(byte));
      return true;
    },
  };
};

/** Splits a stream of bytes into channel messages. */
class Parser {
  private bytes: number[] = [];

  /** Return a message if this byte completes one. */
  next(byte: number): number[] | null {
    if (byte >= 0xf8) return null;
    if (byte >= 0x80) this.bytes = [byte];
    else if (this.bytes.length > 0) this.bytes.push(byte);
    const status = this.bytes[0] ?? 0xf0;
    if (status >= 0xf0) return null;
    const whole = status >= 0xc0 && status < 0xe0 ? 2 : 3;
    if (this.bytes.length < whole) return null;
    const message = this.bytes;
    // Running status: the next bytes may have no status byte.
    this.bytes = [status];
    return message;
  }
}

/** Parse MIDI bytes: notes at the left, the channel at the right. */
export const midiparse: ObjectFactory = (context) => {
  const parser = new Parser();
  return {
    receive: (_inlet, message) => {
      const byte = numberIn(message);
      if (byte === undefined) return false;
      const parsed = parser.next(byte);
      if (!parsed) return true;
      const [status, ...data] = parsed as [number, ...number[]];
      context.out(6, number((status & 15) + 1));
      const kind = status >> 4;
      if (kind === 8) context.out(0, fromAtoms([data[0] as number, 0]));
      else context.out(kind - 9, fromAtoms(data));
      return true;
    },
  };
};

/** Pass bytes through and track sounding notes; a bang ends them. */
export const midiflush: ObjectFactory = (context) => {
  const parser = new Parser();
  const sounding = new Map<string, number[]>();
  return {
    receive: (_inlet, message) => {
      if (message.selector === "bang") {
        for (const [status, pitch] of sounding.values()) {
          for (const byte of [status, pitch, 0]) context.out(0, number(byte as number));
        }
        sounding.clear();
        return true;
      }
      if (message.selector === "clear") {
        sounding.clear();
        return true;
      }
      const byte = numberIn(message);
      if (byte === undefined) return false;
      const [status = 0, pitch = 0, velocity = 0] = parser.next(byte) ?? [];
      if (status >> 4 === 9 || status >> 4 === 8) {
        const key = `${status & 15} ${pitch}`;
        if (status >> 4 === 9 && velocity > 0) sounding.set(key, [status, pitch]);
        else sounding.delete(key);
      }
      context.out(0, message);
      return true;
    },
  };
};
