/** Rules of the scripts in the patch, and of the words that go in and out of them. */

import type { Program } from "acorn";
import { portsOfScript } from "./script_ports.ts";
import { handlersOf, outletWords, programOf } from "./script_words.ts";
import { nameOf, type Raw, type Rule, type Subject, wordOf } from "./subject.ts";

/** Max takes a function of this name for its own message. */
const FORBIDDEN = ["stop"];

/** The script in the box, or undefined. */
function codeOf(box: Raw): string | undefined {
  if (box.maxclass === "v8.codebox") {
    return String(box.code);
  }
  return box.maxclass === "v8ui" ? String((box.textfile as Raw).text) : undefined;
}

function scripts(subject: Subject): [Raw, string][] {
  return subject.boxes.flatMap((box): [Raw, string][] => {
    const code = codeOf(box);
    return code === undefined ? [] : [[box, code]];
  });
}

export const parses: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) => {
    try {
      programOf(code);
      return [];
    } catch (error) {
      return [
        `The script of ${nameOf(box)} is no JavaScript of 2020: ${(error as Error).message}.`,
      ];
    }
  });

export const scriptPorts: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) => {
    if (safeProgram(code).body.length === 0) {
      return [];
    }
    const { inlets, outlets } = portsOfScript(code);
    const same = inlets === box.numinlets && outlets === box.numoutlets;
    return same
      ? []
      : [
          `The script of ${nameOf(box)} has ${inlets} inlets and ${outlets} outlets, ` +
            `its box ${box.numinlets} and ${box.numoutlets}.`,
        ];
  });

export const noForbiddenHandlers: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) =>
    FORBIDDEN.filter((name) => handlersOf(safeProgram(code)).has(name)).map(
      (name) => `The script of ${nameOf(box)} has a function ${name}, which Max takes for its own.`,
    ),
  );

/** Every word that a cord brings to a script has a function of that name there. */
export const handledWords: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) => {
    const handlers = handlersOf(safeProgram(code));
    return [...new Set(wordsInto(subject, String(box.id)))]
      .filter((word) => !handlers.has(word) && !handlers.has("anything"))
      .map((word) => `The script of ${nameOf(box)} has no function for "${word}".`);
  });

/** Words that come out of an object with words of its own. */
const OWN_WORDS: Record<string, string[]> = {
  "live.miditool.in": ["dictionary"],
  "v8.codebox": [],
};

function wordsInto(subject: Subject, id: string): string[] {
  const sources = subject.lines.filter((line) => line.to === id).map((line) => line.from);
  return sources.flatMap((source) => {
    const box = subject.boxes.find((one) => one.id === source) as Raw;
    const [object, first] = String(box.text ?? "").split(" ");
    switch (wordOf(box)) {
      case "deferlow":
        return wordsInto(subject, source);
      case "prepend":
        return [first as string];
      case "message":
        return [object as string];
      default:
        return OWN_WORDS[wordOf(box)] ?? [];
    }
  });
}

/** A word that a script says with `outlet(N, "word")` goes where a `route` knows it. */
export const routedWords: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) =>
    outletWords(safeProgram(code)).flatMap(([outlet, word]) => {
      const routes = routesOf(subject, String(box.id), outlet);
      return routes.every((route) => route.includes(word))
        ? []
        : [
            `The script of ${nameOf(box)} says "${word}" at outlet ${outlet}, but no route knows it.`,
          ];
    }),
  );

/** Words of each `route` that stands at the outlet. */
function routesOf(subject: Subject, id: string, outlet: number): string[][] {
  return subject.lines
    .filter((line) => line.from === id && line.outlet === outlet)
    .map((line) => subject.boxes.find((box) => box.id === line.to) as Raw)
    .filter((box) => wordOf(box) === "route")
    .map((box) => String(box.text).split(" ").slice(1));
}

/** In a MIDI effect the script hears all but its end through deferlow: Live forbids changes meanwhile. */
export const deferred: Rule = (subject) => {
  if (subject.device.type !== "mmmm") {
    return [];
  }
  return intoCode(subject)
    .filter((box) => wordOf(box) !== "deferlow" && box.text !== "closing")
    .map((box) => `${nameOf(box)} speaks to the script at once; deferlow has to stand between.`);
};

const LATE = new Set(["deferlow", "pipe", "node.script"]);

/** A MIDI Tool has to answer within the call, so nothing there may put it off. */
export const answersAtOnce: Rule = (subject) => {
  if (subject.device.type === "mmmm") {
    return [];
  }
  return subject.boxes
    .filter((box) => LATE.has(wordOf(box)))
    .map((box) => `${nameOf(box)} puts off what Live waits for.`);
};

function intoCode({ boxes, lines }: Subject): Raw[] {
  const code = boxes.filter((box) => box.maxclass === "v8.codebox").map((box) => box.id);
  return lines
    .filter((line) => code.includes(line.to))
    .map((line) => boxes.find((box) => box.id === line.from) as Raw);
}

/** A rule of its own tells of a script that does not parse. */
function safeProgram(code: string): Program {
  try {
    return programOf(code);
  } catch {
    return programOf("");
  }
}
