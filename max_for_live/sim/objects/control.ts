/** Objects that route messages: `t`, `route`, `sel`, `prepend`, `gate`, and so on. */

import { type Atom, BANG, fromAtoms, type Message, number, numberIn, toAtoms } from "./message.ts";
import type { Around, Maker } from "./object.ts";

/** Sends what comes in, changed by each argument's type, from right to left. */
export const trigger: Maker = (around) => ({
  receive: (_inlet, message) => {
    for (let index = around.args.length - 1; index >= 0; index -= 1) {
      around.out(index, triggered(around.args[index] as Atom, message));
    }
    return true;
  },
});

function triggered(type: Atom, message: Message): Message {
  const first = numberIn(message) ?? 0;
  switch (type) {
    case "b":
    case "bang":
      return BANG;
    case "i":
    case "int":
      return number(Math.trunc(first));
    case "f":
    case "float":
      return number(first);
    case "l":
    case "list":
    case "s":
    case "symbol":
    case "a":
      return message;
    default:
      return fromAtoms([type]);
  }
}

/** Sends the rest of a message from the outlet of the argument that is its first word. */
export const route: Maker = (around) => ({
  receive: (inlet, message) => {
    if (inlet > 0) return false;
    const atoms = toAtoms(message);
    const index = around.args.indexOf(atoms[0] as Atom);
    if (index < 0) around.out(around.args.length, message);
    else around.out(index, fromAtoms(atoms.slice(1)));
    return true;
  },
});

/** Like `route`, but the whole message goes on. */
export const routepass: Maker = (around) => ({
  receive: (inlet, message) => {
    if (inlet > 0) return false;
    const index = around.args.indexOf(toAtoms(message)[0] as Atom);
    around.out(index < 0 ? around.args.length : index, message);
    return true;
  },
});

/** Bangs the outlet of the argument that equals what comes in; else passes that on. */
export const select: Maker = (around) => ({
  receive: (inlet, message) => {
    const atoms = toAtoms(message);
    if (inlet > 0) return false;
    const index = atoms.length === 1 ? around.args.indexOf(atoms[0] as Atom) : -1;
    if (index < 0) around.out(around.args.length, message);
    else around.out(index, BANG);
    return true;
  },
});

export const prepend: Maker = (around) => ({
  receive: (_inlet, message) => {
    around.out(0, fromAtoms([...around.args, ...toAtoms(message)]));
    return true;
  },
});

export const append: Maker = (around) => ({
  receive: (_inlet, message) => {
    around.out(0, fromAtoms([...toAtoms(message), ...around.args]));
    return true;
  },
});

/** Lets what comes into its right inlet out of the outlet that its left one chose; 0 shuts. */
export const gate: Maker = (around) => {
  let open = Number(around.args[1] ?? 0);
  return {
    receive: (inlet, message) => {
      if (inlet === 1) {
        if (open > 0) around.out(open - 1, message);
        return true;
      }
      const chosen = numberIn(message);
      if (chosen === undefined) return false;
      open = chosen;
      return true;
    },
  };
};

/** Lets what comes into the inlet that its left one chose out. */
export const switcher: Maker = (around) => {
  let open = Number(around.args[1] ?? 0);
  return {
    receive: (inlet, message) => {
      const chosen = numberIn(message);
      if (inlet === 0) open = chosen ?? open;
      else if (inlet === open) around.out(0, message);
      return inlet > 0 || chosen !== undefined;
    },
  };
};

export const deferlow: Maker = (around) => ({
  receive: (_inlet, message) => {
    around.main.later(() => around.out(0, message));
    return true;
  },
});

/** Keeps one number for each argument; a message on the left sends them as a list. */
export const pack: Maker = (around) => {
  const values = [...around.args];
  return {
    receive: (inlet, message) => {
      if (message.selector !== "bang") {
        toAtoms(message).forEach((atom, offset) => {
          if (inlet + offset < values.length) values[inlet + offset] = atom;
        });
      }
      if (inlet === 0) around.out(0, fromAtoms(values));
      return true;
    },
  };
};

export const unpack: Maker = (around) => ({
  receive: (_inlet, message) => {
    const atoms = toAtoms(message).slice(0, around.args.length);
    for (let index = atoms.length - 1; index >= 0; index -= 1) {
      around.out(index, fromAtoms([atoms[index] as Atom]));
    }
    return true;
  },
});

/** The message box: says its text, with $1 to $9 filled in from what comes. */
export const messageBox: Maker = (around) => {
  let text = String(around.box.text ?? "");
  const say = (given: Atom[]): void => {
    for (const part of text.split(",")) {
      around.out(0, fromAtoms(filled(part.trim(), given)));
    }
  };
  return {
    receive: (inlet, message) => {
      if (inlet === 1 || message.selector === "set") {
        text = (inlet === 1 ? toAtoms(message) : message.args).join(" ");
      } else say(message.selector === "bang" ? [] : toAtoms(message));
      return true;
    },
  };
};

function filled(text: string, given: Atom[]): Atom[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return words.map((word) => {
    const hole = /^\$([1-9])$/.exec(word);
    if (hole) return given[Number(hole[1]) - 1] ?? 0;
    const value = Number(word);
    return Number.isNaN(value) ? word : value;
  });
}

/** Bangs once when the patch is loaded. */
export const loadbang: Maker = (around) => ({
  receive: (_inlet, message) => {
    if (message.selector === "bang") around.out(0, BANG);
    return message.selector === "bang";
  },
  loaded: () => around.out(0, BANG),
});

/** Bangs when the patch is thrown away: `closebang` and `freebang`. */
export const farewell: Maker = (around: Around) => ({
  receive: () => false,
  closing: () => around.out(0, BANG),
});
