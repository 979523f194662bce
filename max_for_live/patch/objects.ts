/**
 * The Max objects in our patches, and their numbers of ports.
 *
 * Max trusts the numbers in the file and deletes a cord to a port beyond them, so they must be what
 * Max itself writes. Each row names its source: "patches" are files saved by Max 8.6 or 9,
 * "maxdiff" is the table of measured boxes in Ableton's maxdevtools.
 */

export interface Ports {
  inlets: number;
  outlets: number;
  /** Types of the outlets; "" for anything. */
  types: string[];
}

interface Row {
  ports: (args: string[]) => Ports;
  source: string;
}

const fixed = (inlets: number, types: string[], source: string): Row => ({
  ports: () => ({ inlets, outlets: types.length, types }),
  source,
});

const anything = (count: number): string[] => Array.from({ length: count }, () => "");

/** Output types of `trigger`, by argument. */
const TRIGGERED: Record<string, string> = { b: "bang", i: "int", f: "float", s: "", l: "" };

/** Objects written as text in a box, by the first word of the text. */
const TEXT_OBJECTS: Record<string, Row> = {
  closebang: fixed(1, ["bang"], "patches"),
  deferlow: fixed(1, [""], "patches"),
  freebang: fixed(0, ["bang"], "patches"),
  "live.miditool.in": fixed(1, anything(3), "patches of Max 9; 2 outlets before 8.6.3"),
  "live.miditool.out": fixed(1, [], "patches"),
  "live.thisdevice": fixed(1, ["bang", "int", "int"], "maxdiff; patches"),
  makenote: fixed(3, ["float", "float"], "patches"),
  midiflush: fixed(1, ["int"], "patches"),
  midiformat: fixed(7, ["int", ""], "patches of Max 8 and later"),
  midiin: fixed(1, ["int"], "patches"),
  midiout: fixed(1, [], "patches"),
  midiparse: fixed(1, ["", "", "", "int", "int", "", "int", ""], "patches of Max 8 and later"),
  "node.script": fixed(1, ["", ""], "patches"),
  opendialog: fixed(1, ["", "bang"], "patches"),
  pattr: fixed(1, ["", "", ""], "maxdiff; patches"),
  prepend: fixed(1, [""], "patches"),
  thispatcher: fixed(1, ["", ""], "maxdiff"),
  gate: {
    ports: (args) => ({
      inlets: 2,
      outlets: Number(args[0] ?? 1),
      types: anything(Number(args[0] ?? 1)),
    }),
    source: "patches",
  },
  pack: {
    ports: (args) => ({ inlets: args.length, outlets: 1, types: [""] }),
    source: "patches",
  },
  pipe: {
    // The last argument is the delay, which has an inlet but no outlet.
    ports: (args) => ({
      inlets: args.length,
      outlets: args.length - 1,
      types: anything(args.length - 1),
    }),
    source: "patches",
  },
  route: {
    ports: (args) => ({
      inlets: args.length + 1,
      outlets: args.length + 1,
      types: anything(args.length + 1),
    }),
    source: "patches, 1 to 6 arguments",
  },
  t: {
    ports: (args) => ({
      inlets: 1,
      outlets: args.length,
      types: args.map((arg) => TRIGGERED[arg] ?? ""),
    }),
    source: "patches",
  },
};

/** User interface objects, by maxclass. */
const CLASSES: Record<string, Row> = {
  comment: fixed(1, [], "patches"),
  "live.comment": fixed(1, [], "maxdiff"),
  "live.dial": fixed(1, ["", "float"], "maxdiff; patches"),
  "live.menu": fixed(1, ["", "", "float"], "maxdiff"),
  "live.numbox": fixed(1, ["", "float"], "maxdiff"),
  "live.text": fixed(1, ["", ""], "maxdiff"),
  "live.toggle": fixed(1, [""], "maxdiff"),
  message: fixed(2, [""], "maxdiff; patches"),
  panel: fixed(1, [], "maxdiff"),
  v8ui: fixed(1, [""], "patches of Max 9, with its text embedded"),
};

export function isKnownClass(maxclass: string): boolean {
  return maxclass in CLASSES || maxclass === "newobj" || maxclass === "v8.codebox";
}

export function isKnownObject(text: string): boolean {
  return word(text) in TEXT_OBJECTS;
}

/** Return the ports of an object in a text box; throw an Error if it is not in the table. */
export function portsOfText(text: string): Ports {
  const row = TEXT_OBJECTS[word(text)];
  if (!row) throw new Error(`objects.ts: the object "${word(text)}" is not in the table.`);
  return row.ports(argumentsOf(text));
}

/** Return the ports of a user interface object; throw an Error if it is not in the table. */
export function portsOfClass(maxclass: string): Ports {
  const row = CLASSES[maxclass];
  if (!row) throw new Error(`objects.ts: the box "${maxclass}" is not in the table.`);
  return row.ports([]);
}

/** Return the ports of v8.codebox: its script sets `inlets` and `outlets`. */
export function portsOfCode(inlets: number, outlets: number): Ports {
  return { inlets, outlets, types: anything(outlets) };
}

function word(text: string): string {
  return text.split(" ", 1)[0] ?? "";
}

/** Return the words after the first, without attributes. */
function argumentsOf(text: string): string[] {
  const words = text.split(" ").slice(1);
  const attribute = words.findIndex((one) => one.startsWith("@"));
  return attribute < 0 ? words : words.slice(0, attribute);
}
