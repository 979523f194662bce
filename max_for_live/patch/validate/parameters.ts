/** Rules for the parameters in Live and Push. */

import { INT_VALUES } from "../controls.ts";
import { BANK_SLOTS } from "../parameters.ts";
import { duplicates, nameOf, parameterOf, parametersOf, type Raw, type Rule } from "./subject.ts";

const SHORT = 8;
const INT = 1;
const ENUM = 2;
const HIDDEN = 2;
const EMPTY_SLOT = "-";

export const parameterNames: Rule = (subject) => {
  const parameters = parametersOf(subject);
  const long = parameters.map(([, parameter]) => String(parameter.parameter_longname));
  return [
    ...duplicates(long).map((name) => `Two parameters have the long name ${name}.`),
    ...parameters
      .filter(([, parameter]) => String(parameter.parameter_shortname ?? "").length > SHORT)
      .map(([box]) => `The short name of ${nameOf(box)} has more than ${SHORT} characters.`),
    ...parameters
      .filter(([, parameter]) => !parameter.parameter_longname || !parameter.parameter_shortname)
      .map(([box]) => `${nameOf(box)} is a parameter without a long or short name.`),
  ];
};

export const parameterRanges: Rule = (subject) =>
  parametersOf(subject).flatMap(([box, parameter]) => {
    const { parameter_type: type, parameter_mmin: low = 0, parameter_mmax: high } = parameter;
    const entries = parameter.parameter_enum as string[] | undefined;
    const initial = (parameter.parameter_initial as unknown[] | undefined)?.[0];
    const problems: string[] = [];
    if (typeof high === "number" && high <= (low as number)) {
      problems.push(`${nameOf(box)} has an empty range, which has crashed Push.`);
    }
    if (type === INT && (high as number) - (low as number) + 1 > INT_VALUES) {
      problems.push(`${nameOf(box)} is an int with more than ${INT_VALUES} values.`);
    }
    if (type === ENUM && (!entries || entries.length < 2 || high !== entries.length - 1)) {
      problems.push(`${nameOf(box)} is an enum whose entries do not match its range.`);
    }
    const outside =
      typeof initial === "number" &&
      typeof high === "number" &&
      (initial < (low as number) || initial > high);
    const hidden = parameter.parameter_invisible === HIDDEN;
    if (outside || (parameter.parameter_initial_enable !== 1 && !hidden)) {
      problems.push(`${nameOf(box)} has no default within its range.`);
    }
    if (parameter.parameter_initial_enable === 1 && hidden) {
      problems.push(`${nameOf(box)} would output a value at loading, although it is not saved.`);
    }
    return problems;
  });

/** Live saves only parameters in the map. */
export const parameterMapComplete: Rule = (subject) => {
  const map = subject.patcher.parameters as Record<string, unknown>;
  const ids = Object.keys(map).filter((key) => Array.isArray(map[key]));
  const wanted = new Map(
    parametersOf(subject).map(([box, parameter]) => [String(box.id), parameter]),
  );
  return [
    ...[...wanted.keys()]
      .filter((id) => !ids.includes(id))
      .map((id) => `The parameter ${id} is not in the patch's map of parameters.`),
    ...ids
      .filter((id) => !wanted.has(id))
      .map((id) => `The map of parameters contains ${id}, which is not a parameter.`),
    ...ids
      .filter((id) => wanted.has(id) && !sameNames(map[id] as unknown[], wanted.get(id) as Raw))
      .map((id) => `The map of parameters has other names for ${id} than the box.`),
  ];
};

function sameNames(entry: unknown[], parameter: Raw): boolean {
  return entry[0] === parameter.parameter_longname && entry[1] === parameter.parameter_shortname;
}

/** A bank without its eight slots has crashed Live. */
export const bankSlots: Rule = (subject) => {
  const map = subject.patcher.parameters as Raw;
  const banks = Object.entries((map.parameterbanks ?? {}) as Record<string, Raw>);
  const automated = subject.boxes.flatMap((box) => {
    const parameter = parameterOf(box);
    return parameter?.parameter_invisible === 0 ? [parameter.parameter_longname] : [];
  });
  return banks.flatMap(([key, bank]) => {
    const slots = bank.parameters as string[];
    const where = `Bank ${key}`;
    const problems: string[] = [];
    if (String(bank.index) !== key || slots?.length !== BANK_SLOTS) {
      return [`${where} needs its own index and ${BANK_SLOTS} slots.`];
    }
    for (const name of slots.filter((slot) => slot !== EMPTY_SLOT)) {
      if (!automated.includes(name)) {
        problems.push(`${where} contains ${name}, which is not visible in Push.`);
      }
    }
    return problems;
  });
};

export const infoTexts: Rule = ({ boxes }) =>
  boxes
    .filter((box) => parameterOf(box) || (box.presentation === 1 && box.varname))
    .filter((box) => !box.annotation_name || !String(box.annotation ?? infoOf(box)).endsWith("."))
    .filter((box) => box.maxclass !== "newobj")
    .map((box) => `${nameOf(box)} has no text for Live's Info View.`);

function infoOf(box: Raw): unknown {
  return parameterOf(box)?.parameter_info ?? "";
}
