/** Rules of boxes and cords. */

import { knowsClass, knowsObject, type Ports, portsOfClass, portsOfText } from "../objects.ts";
import { doubles, nameOf, type Raw, type Rule, wordOf } from "./subject.ts";

export const uniqueIds: Rule = ({ boxes }) => [
  ...doubles(boxes.map((box) => String(box.id))).map((id) => `Two boxes have the id ${id}.`),
  ...doubles(boxes.flatMap((box) => (box.varname ? [String(box.varname)] : []))).map(
    (name) => `Two boxes have the scripting name ${name}.`,
  ),
];

const GLOBALS = new Set(["s", "r", "send", "receive"]);

/** Max's names are shared by all devices, unless three dashes make them the device's own. */
export const noGlobalNames: Rule = ({ boxes }) =>
  boxes
    .filter((box) => GLOBALS.has(wordOf(box)) && !String(box.text).includes(" ---"))
    .map((box) => `${nameOf(box)} speaks to every device: its name needs three dashes.`);

export const knownObjects: Rule = ({ boxes }) =>
  boxes.flatMap((box) => {
    if (GLOBALS.has(wordOf(box))) {
      return [];
    }
    const known =
      box.maxclass === "newobj" ? knowsObject(String(box.text)) : knowsClass(String(box.maxclass));
    return known ? [] : [`${nameOf(box)} is no object in the table; Max would drop it silently.`];
  });

export const savedPorts: Rule = ({ boxes }) =>
  boxes.flatMap((box) => {
    const ports = expectedPorts(box);
    const same = !ports || (box.numinlets === ports.inlets && box.numoutlets === ports.outlets);
    return same
      ? []
      : [
          `${nameOf(box)} says ${box.numinlets} inlets and ${box.numoutlets} outlets, ` +
            `but has ${ports.inlets} and ${ports.outlets}.`,
        ];
  });

function expectedPorts(box: Raw): Ports | undefined {
  if (box.maxclass === "newobj") {
    return knowsObject(String(box.text)) ? portsOfText(String(box.text)) : undefined;
  }
  const maxclass = String(box.maxclass);
  // v8.codebox has the ports of its script, which a rule of its own compares.
  return maxclass !== "v8.codebox" && knowsClass(maxclass) ? portsOfClass(maxclass) : undefined;
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

/** Max orders several cords of one outlet by where the boxes stand; `trigger` says it. */
export const orderedFanOuts: Rule = ({ boxes, lines }) => {
  const byId = new Map(boxes.map((box) => [String(box.id), box]));
  return doubles(lines.map(({ from, outlet }) => `${from} ${outlet}`)).map((end) => {
    const [id, outlet] = end.split(" ");
    const box = byId.get(id as string);
    return `Outlet ${outlet} of ${box ? nameOf(box) : id} has several cords; put a trigger there.`;
  });
};
