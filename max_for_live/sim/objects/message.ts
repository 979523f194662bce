/** A message on a cord: a selector and its arguments. */

export type Atom = number | string;

export interface Message {
  /** `bang`, `int`, `float`, `list`, or any other word. */
  selector: string;
  args: Atom[];
}

export const BANG: Message = { selector: "bang", args: [] };

/** Parse atoms as Max does: numbers make an int, float or list; a word is the selector. */
export function fromAtoms(atoms: Atom[]): Message {
  const [first, ...rest] = atoms;
  if (first === undefined) return BANG;
  if (typeof first === "string") return { selector: first, args: rest };
  if (rest.length > 0) return { selector: "list", args: atoms };
  return { selector: Number.isInteger(first) ? "int" : "float", args: atoms };
}

/** Return the atoms of a message, with its selector unless that is only a type. */
export function toAtoms(message: Message): Atom[] {
  return isTypeOnly(message) ? message.args : [message.selector, ...message.args];
}

/** Whether the selector is only the type of the arguments. */
function isTypeOnly(message: Message): boolean {
  return ["int", "float", "list", "symbol"].includes(message.selector);
}

export function number(value: number): Message {
  return fromAtoms([value]);
}

/** Return the first number; undefined if there is none. */
export function numberIn(message: Message): number | undefined {
  const first = isTypeOnly(message) ? message.args[0] : undefined;
  return typeof first === "number" ? first : undefined;
}

/** Format as Max prints it. */
export function show(message: Message): string {
  return toAtoms(message).join(" ");
}

/** Split the text of a box into atoms; a backslash escapes a character, quotes group words. */
export function parseAtoms(text: string): Atom[] {
  const words = text.match(/"[^"]*"|(?:\\.|[^\s\\])+/g) ?? [];
  return words.map((word) => {
    if (word.startsWith('"')) return word.slice(1, -1);
    const plain = word.replace(/\\(.)/g, "$1");
    return /^-?(\d+\.?\d*|\.\d+)$/.test(word) ? Number(word) : plain;
  });
}
