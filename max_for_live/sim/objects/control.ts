/** Objects that route messages: `t`, `route`, `sel`, `prepend`, `gate`, and so on. */

import { type Atom, BANG, fromAtoms, type Message, number, numberIn, toAtoms } from "./message.ts";
import type { BoxContext, ObjectFactory } from "./object.ts";

/** Output the input, converted by each argument's type, from right to left. */
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

/** Output the rest of a message at the outlet of the argument that equals its first word. */
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

/** Bang at the outlet of the argument that equals the input; otherwise pass it on. */
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

/** Pass the right inlet to the outlet that the left inlet has chosen; 0 closes. */
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

export const deferlow: ObjectFactory = (context) => ({
  receive: (_inlet, message) => {
    context.main.defer(() => context.out(0, message));
    return true;
  },
});

/** Store a value for each argument; output all as a list on input at the left. */
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

/** The message box: output its text, with $1 to $9 replaced by the input. */
export const messageBox: ObjectFactory = (context) => {
  let text = String(context.box.text ?? "");
  const output = (given: Atom[]): void => {
    for (const part of text.split(",")) context.out(0, fromAtoms(filled(part.trim(), given)));
  };
  return {
    receive: (inlet, message) => {
      if (inlet === 1 || message.selector === "set") {
        text = (inlet === 1 ? toAtoms(message) : message.args).join(" ");
      } else output(message.selector === "bang" ? [] : toAtoms(message));
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

/** Bang when the patch is closed: `closebang` and `freebang`. */
export const onClose: ObjectFactory = (context: BoxContext) => ({
  receive: () => false,
  closing: () => context.out(0, BANG),
});
