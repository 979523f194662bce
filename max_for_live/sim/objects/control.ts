/** Objects that route messages: `t`, `route`, `sel`, `prepend`, `gate`, and so on. */

import { type Atom, BANG, fromAtoms, type Message, number, numberIn, toAtoms } from "./message.ts";
import type { BoxContext, ObjectFactory } from "./object.ts";

/** Sends what comes in, changed by each argument's type, from right to left. */
export const trigger: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    for (let index = context.args.length - 1; index >= 0; index -= 1) {
      context.out(index, triggered(context.args[index] as Atom, message));
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
export const route: ObjectFactory = (context) => ({
  receive: (inlet, message) => {
    if (inlet > 0) return false;
    const atoms = toAtoms(message);
    const index = context.args.indexOf(atoms[0] as Atom);
    if (index < 0) context.out(context.args.length, message);
    else context.out(index, fromAtoms(atoms.slice(1)));
    return true;
  },
});

/** Like `route`, but the whole message goes on. */
export const routepass: ObjectFactory = (context) => ({
  receive: (inlet, message) => {
    if (inlet > 0) return false;
    const index = context.args.indexOf(toAtoms(message)[0] as Atom);
    context.out(index < 0 ? context.args.length : index, message);
    return true;
  },
});

/** Bangs the outlet of the argument that equals what comes in; else passes that on. */
export const select: ObjectFactory = (context) => ({
  receive: (inlet, message) => {
    const atoms = toAtoms(message);
    if (inlet > 0) return false;
    const index = atoms.length === 1 ? context.args.indexOf(atoms[0] as Atom) : -1;
    if (index < 0) context.out(context.args.length, message);
    else context.out(index, BANG);
    return true;
  },
});

export const prepend: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    context.out(0, fromAtoms([...context.args, ...toAtoms(message)]));
    return true;
  },
});

export const append: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    context.out(0, fromAtoms([...toAtoms(message), ...context.args]));
    return true;
  },
});

/** Lets what comes into its right inlet out of the outlet that its left one chose; 0 shuts. */
export const gate: ObjectFactory = (context) => {
  let open = Number(context.args[1] ?? 0);
  return {
    receive: (inlet, message) => {
      if (inlet === 1) {
        if (open > 0) context.out(open - 1, message);
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
export const switcher: ObjectFactory = (context) => {
  let open = Number(context.args[1] ?? 0);
  return {
    receive: (inlet, message) => {
      const chosen = numberIn(message);
      if (inlet === 0) open = chosen ?? open;
      else if (inlet === open) context.out(0, message);
      return inlet > 0 || chosen !== undefined;
    },
  };
};

export const deferlow: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    context.main.later(() => context.out(0, message));
    return true;
  },
});

/** Keeps one number for each argument; a message on the left sends them as a list. */
export const pack: ObjectFactory = (context) => {
  const values = [...context.args];
  return {
    receive: (inlet, message) => {
      if (message.selector !== "bang") {
        toAtoms(message).forEach((atom, offset) => {
          if (inlet + offset < values.length) values[inlet + offset] = atom;
        });
      }
      if (inlet === 0) context.out(0, fromAtoms(values));
      return true;
    },
  };
};

export const unpack: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    const atoms = toAtoms(message).slice(0, context.args.length);
    for (let index = atoms.length - 1; index >= 0; index -= 1) {
      context.out(index, fromAtoms([atoms[index] as Atom]));
    }
    return true;
  },
});

/** The message box: says its text, with $1 to $9 filled in from what comes. */
export const messageBox: ObjectFactory = (context) => {
  let text = String(context.box.text ?? "");
  const say = (given: Atom[]): void => {
    for (const part of text.split(",")) {
      context.out(0, fromAtoms(filled(part.trim(), given)));
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
export const loadbang: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    if (message.selector === "bang") context.out(0, BANG);
    return message.selector === "bang";
  },
  loaded: () => context.out(0, BANG),
});

/** Bangs when the patch is thrown away: `closebang` and `freebang`. */
export const onClose: ObjectFactory = (context: BoxContext) => ({
  receive: () => false,
  closing: () => context.out(0, BANG),
});
