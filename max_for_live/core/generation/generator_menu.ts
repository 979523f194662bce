/** The menu of generators: those that the tool supports use, and those that are not ready. */

import type { Generator } from "../transport/messages.ts";
import { supports, isReady, type Tool } from "./tools.ts";

/** Fills a menu up to two entries, for Live's menus must not have one alone. */
const BLANK = "-";

export interface Menu {
  entries: string[];
  /** Ids of the entries; "" for one that cannot be chosen. */
  ids: string[];
  /** The entry that is chosen. */
  index: number;
}

/**
 * Lists what supports be chosen. The generator chosen before stays chosen, also while it is missing:
 * a server that is updated must not change a Set.
 */
export function menuFor(generators: readonly Generator[], tool: Tool, chosen: string): Menu {
  const able = generators.filter((generator) => supports(generator, tool));
  const waiting = generators.filter((generator) => !isReady(generator));
  const rows = [
    ...able.map(({ id }) => ({ id, entry: id })),
    ...waiting.map((generator) => ({ id: generator.id, entry: waitingEntry(generator) })),
  ];
  // A single line is what most people want first; all else is a turn of the menu away.
  const melody = able.findIndex((one) => one.encoding === "melody" && one.family === "lstm");
  const fallback = able.length > 0 ? Math.max(0, melody) : -1;
  let index = chosen === "" ? fallback : rows.findIndex(({ id }) => id === chosen);
  if (index < 0 && chosen !== "") {
    const known = generators.some(({ id }) => id === chosen);
    if (known && able.length > 0) index = fallback;
    else index = rows.push({ id: chosen, entry: `${chosen} (missing)` }) - 1;
  }
  if (rows.length === 0) rows.push({ id: "", entry: "No Generator" });
  if (rows.length === 1) rows.push({ id: "", entry: BLANK });
  return {
    entries: rows.map(({ entry }) => entry),
    ids: rows.map(({ id }) => id),
    index: Math.max(0, index),
  };
}

/** Why this generator cannot write now; "" when it supports. */
export function unavailableReason(
  generators: readonly Generator[],
  id: string,
  tool: Tool,
  connected: boolean,
): string {
  const generator = generators.find((candidate) => candidate.id === id);
  if (!connected) return "There is no server yet; wait for it, or press Reconnect.";
  if (generators.length === 0) return "The server has no generators.";
  if (id === "") return `No generator of this server supports do ${tool.verb}.`;
  if (!generator) return `The server has no generator ${id}; choose another.`;
  if (generator.status === "GENERATOR_STATUS_LOADING") {
    return `${id} is still being loaded; try again in a moment.`;
  }
  if (!isReady(generator)) return generator.statusMessage || `${id} cannot be used.`;
  return supports(generator, tool) ? "" : `${id} cannot do ${tool.verb}; choose another generator.`;
}

function waitingEntry(generator: Generator): string {
  const loading = generator.status === "GENERATOR_STATUS_LOADING";
  return `${generator.id} (${loading ? "loading" : "failed"})`;
}
