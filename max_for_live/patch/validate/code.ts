/** Rules for the scripts in the patch, and for their messages. */

import type { Program } from "acorn";
import { handlersOf, outletMessages, programOf } from "./script_messages.ts";
import { portsOfScript } from "./script_ports.ts";
import { nameOf, type Raw, type Rule, type Subject, wordOf } from "./subject.ts";

/** Max reserves the message of this name. */
const FORBIDDEN = ["stop"];

/** Return the script in the box, or undefined. */
function codeOf(box: Raw): string | undefined {
  if (box.maxclass === "v8.codebox") return String(box.code);
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
      return [`The script of ${nameOf(box)} is not ES2020: ${(error as Error).message}.`];
    }
  });

export const scriptPorts: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) => {
    if (safeProgram(code).body.length === 0) return [];
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
      (name) => `The script of ${nameOf(box)} has a function ${name}, a reserved message of Max.`,
    ),
  );

/** Every message that a cord brings to a script has a handler there. */
export const handledMessages: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) => {
    const handlers = handlersOf(safeProgram(code));
    return [...new Set(messagesInto(subject, String(box.id)))]
      .filter((word) => !handlers.has(word) && !handlers.has("anything"))
      .map((word) => `The script of ${nameOf(box)} has no function for "${word}".`);
  });

/** Messages of objects that have a fixed first word. */
const FIXED_MESSAGES: Record<string, string[]> = {
  "live.miditool.in": ["dictionary"],
  "v8.codebox": [],
};

function messagesInto(subject: Subject, id: string): string[] {
  const sources = subject.lines.filter((line) => line.to === id).map((line) => line.from);
  return sources.flatMap((source) => {
    const box = subject.boxes.find((one) => one.id === source) as Raw;
    const [object, first] = String(box.text ?? "").split(" ");
    switch (wordOf(box)) {
      case "deferlow":
        return messagesInto(subject, source);
      case "prepend":
        return [first as string];
      case "message":
        return [object as string];
      default:
        return FIXED_MESSAGES[wordOf(box)] ?? [];
    }
  });
}

/** Every message that a script sends with `outlet(N, "word")` reaches a `route` for that word. */
export const routedMessages: Rule = (subject) =>
  scripts(subject).flatMap(([box, code]) =>
    outletMessages(safeProgram(code)).flatMap(([outlet, word]) => {
      const routes = routesOf(subject, String(box.id), outlet);
      return routes.every((route) => route.includes(word))
        ? []
        : [
            `The script of ${nameOf(box)} sends "${word}" to outlet ${outlet}, but no route has it.`,
          ];
    }),
  );

/** Return the words of each `route` at the outlet. */
function routesOf(subject: Subject, id: string, outlet: number): string[][] {
  return subject.lines
    .filter((line) => line.from === id && line.outlet === outlet)
    .map((line) => subject.boxes.find((box) => box.id === line.to) as Raw)
    .filter((box) => wordOf(box) === "route")
    .map((box) => String(box.text).split(" ").slice(1));
}

/** In a MIDI effect, all but `closing` is deferred: Live forbids changes in notifications. */
export const deferred: Rule = (subject) => {
  if (subject.device.type !== "mmmm") return [];
  return intoCode(subject)
    .filter((box) => wordOf(box) !== "deferlow" && box.text !== "closing")
    .map((box) => `${nameOf(box)} sends to the script immediately; put deferlow between them.`);
};

const LATE = new Set(["deferlow", "pipe", "node.script"]);

/** A MIDI Tool responds within Live's call, so nothing may be deferred. */
export const respondsImmediately: Rule = (subject) => {
  if (subject.device.type === "mmmm") return [];
  return subject.boxes
    .filter((box) => LATE.has(wordOf(box)))
    .map((box) => `${nameOf(box)} delays the response that Live waits for.`);
};

function intoCode({ boxes, lines }: Subject): Raw[] {
  const code = boxes.filter((box) => box.maxclass === "v8.codebox").map((box) => box.id);
  return lines
    .filter((line) => code.includes(line.to))
    .map((line) => boxes.find((box) => box.id === line.from) as Raw);
}

/** Another rule reports scripts that do not parse. */
function safeProgram(code: string): Program {
  try {
    return programOf(code);
  } catch {
    return programOf("");
  }
}
