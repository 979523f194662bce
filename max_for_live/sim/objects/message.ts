/** What runs along a cord: a selector and its arguments. */

export type Atom = number | string;

export interface Message {
  /** `bang`, `int`, `float`, `list`, or any other word. */
  selector: string;
  args: Atom[];
}

export const BANG: Message = { selector: "bang", args: [] };

/** Reads atoms as Max reads them: numbers make an int, float or list, a word is the selector. */
export function fromAtoms(atoms: Atom[]): Message {
  const [first, ...rest] = atoms;
  if (first === undefined) return BANG;
  if (typeof first === "string") return { selector: first, args: rest };
  if (rest.length > 0) return { selector: "list", args: atoms };
  return { selector: Number.isInteger(first) ? "int" : "float", args: atoms };
}

/** The atoms of a message, with its selector in front unless that only tells their types. */
export function toAtoms(message: Message): Atom[] {
  return isPlain(message) ? message.args : [message.selector, ...message.args];
}

/** Whether the selector only tells the types of the arguments. */
function isPlain(message: Message): boolean {
  return ["int", "float", "list", "symbol"].includes(message.selector);
}

export function number(value: number): Message {
  return fromAtoms([value]);
}

/** The first number in it; undefined where there is none. */
export function numberIn(message: Message): number | undefined {
  const first = isPlain(message) ? message.args[0] : undefined;
  return typeof first === "number" ? first : undefined;
}

/** As Max would print it. */
export function show(message: Message): string {
  return toAtoms(message).join(" ");
}

/** Splits the text of a box into atoms; a backslash takes a sign as it is, quotes keep words together. */
export function parseAtoms(text: string): Atom[] {
  const words = text.match(/"[^"]*"|(?:\\.|[^\s\\])+/g) ?? [];
  return words.map((word) => {
    if (word.startsWith('"')) return word.slice(1, -1);
    const plain = word.replace(/\\(.)/g, "$1");
    return /^-?(\d+\.?\d*|\.\d+)$/.test(word) ? Number(word) : plain;
  });
}
