/** Rules for the file around the patch. */

import { FLAGS, typeNumber } from "../container.ts";
import { nameOf, type Raw, type Rule, type Subject, wordOf } from "./subject.ts";

export const projectBlock: Rule = ({ device, patcher }) => {
  const project = patcher.project as Raw | undefined;
  if (!project) {
    return ["The project block is missing; Max prints an error for each device without one."];
  }
  const problems: string[] = [];
  if (project.amxdtype !== typeNumber(device.type)) {
    problems.push(`The project has type ${project.amxdtype}, but the file is a ${device.type}.`);
  }
  if (project.autoorganize !== 0) problems.push("The project allows Max to move its files.");
  return problems;
};

/** Max finds a file by the patch's list, the script's box and the archive. */
export const dependencies: Rule = (subject) => {
  const { patcher, device, beside } = subject;
  const listed = (patcher.dependency_cache as Raw[]).map((entry) => String(entry.name));
  const carried = device.frozen ? device.files.slice(1).map((file) => file.name) : beside;
  const needed = nodeFiles(subject);
  return [
    ...missing(needed, listed).map((name) => `The list of dependencies lacks ${name}.`),
    ...missing(listed, needed).map(
      (name) => `The list of dependencies contains ${name}, which no box needs.`,
    ),
    ...missing(needed, carried).map((name) => `The device does not contain ${name}.`),
    ...missing(carried, needed).map((name) => `The device contains ${name}, which no box needs.`),
  ];
};

/** Without the flag Max would not write the script to disk, where Node reads it. */
export const scriptFlags: Rule = (subject) => {
  const needed = nodeFiles(subject);
  return subject.device.files
    .filter((file) => needed.includes(file.name) && file.flag !== FLAGS.onDisk)
    .map((file) => `${file.name} has the flag ${file.flag}; Node cannot find it on disk.`);
};

/** Node finds a script next to the device only by its plain name. */
export const bareScriptNames: Rule = ({ boxes }) =>
  boxes
    .filter((box) => wordOf(box) === "node.script")
    .filter((box) => !/^[\w-]+\.js$/.test(scriptOf(box)))
    .map((box) => `${nameOf(box)} contains a path; use the plain name of the script.`);

function nodeFiles({ boxes }: Subject): string[] {
  return boxes.filter((box) => wordOf(box) === "node.script").map(scriptOf);
}

function scriptOf(box: Raw): string {
  return String(box.text).split(" ")[1] ?? "";
}

function missing(names: string[], list: string[]): string[] {
  return names.filter((name) => !list.includes(name));
}
