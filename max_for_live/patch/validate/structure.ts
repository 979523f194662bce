/** Rules for boxes and cords. */

import { isKnownClass, isKnownObject, type Ports, portsOfClass, portsOfText } from "../objects.ts";
import { duplicates, nameOf, type Raw, type Rule, wordOf } from "./subject.ts";

export const uniqueIds: Rule = ({ boxes }) => [
  ...duplicates(boxes.map((box) => String(box.id))).map((id) => `Two boxes have the id ${id}.`),
  ...duplicates(boxes.flatMap((box) => (box.varname ? [String(box.varname)] : []))).map(
    (name) => `Two boxes have the scripting name ${name}.`,
  ),
];

const GLOBALS = new Set(["s", "r", "send", "receive"]);

/** Max's names are global, unless three dashes make them local to the device. */
export const noGlobalNames: Rule = ({ boxes }) =>
  boxes
    .filter((box) => GLOBALS.has(wordOf(box)) && !String(box.text).includes(" ---"))
    .map((box) => `${nameOf(box)} sends to every device: its name needs three dashes.`);

export const knownObjects: Rule = ({ boxes }) =>
  boxes.flatMap((box) => {
    if (GLOBALS.has(wordOf(box))) return [];
    const known =
      box.maxclass === "newobj"
        ? isKnownObject(String(box.text))
        : isKnownClass(String(box.maxclass));
    return known ? [] : [`${nameOf(box)} is not in the table of objects.`];
  });

export const savedPorts: Rule = ({ boxes }) =>
  boxes.flatMap((box) => {
    const ports = expectedPorts(box);
    const same = !ports || (box.numinlets === ports.inlets && box.numoutlets === ports.outlets);
    return same
      ? []
      : [
          `${nameOf(box)} has ${box.numinlets} inlets and ${box.numoutlets} outlets in the file, ` +
            `but ${ports.inlets} and ${ports.outlets} in Max.`,
        ];
  });

function expectedPorts(box: Raw): Ports | undefined {
  if (box.maxclass === "newobj") {
    return isKnownObject(String(box.text)) ? portsOfText(String(box.text)) : undefined;
  }
  const maxclass = String(box.maxclass);
  // v8.codebox has the ports of its script, which another rule compares.
  return maxclass !== "v8.codebox" && isKnownClass(maxclass) ? portsOfClass(maxclass) : undefined;
}

export const cordEnds: Rule = ({ boxes, lines }) => {
  const byId = new Map(boxes.map((box) => [String(box.id), box]));
  return lines.flatMap(({ from, outlet, to, inlet }) => {
    const [source, target] = [byId.get(from), byId.get(to)];
    if (!source || !target) {
      return [`A cord goes from ${from} to ${to}, but there is no such box.`];
    }
    const problems: string[] = [];
    if (outlet >= (source.numoutlets as number)) {
      problems.push(`${nameOf(source)} has no outlet ${outlet}; Max would delete the cord.`);
    }
    if (inlet >= (target.numinlets as number)) {
      problems.push(`${nameOf(target)} has no inlet ${inlet}; Max would delete the cord.`);
    }
    return problems;
  });
};

/** The order of several cords from one outlet depends on box positions; `trigger` defines it. */
export const orderedFanOuts: Rule = ({ boxes, lines }) => {
  const byId = new Map(boxes.map((box) => [String(box.id), box]));
  return duplicates(lines.map(({ from, outlet }) => `${from} ${outlet}`)).map((end) => {
    const [id, outlet] = end.split(" ");
    const box = byId.get(id as string);
    return `Outlet ${outlet} of ${box ? nameOf(box) : id} has several cords; put a trigger there.`;
  });
};
