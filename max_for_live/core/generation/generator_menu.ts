/** The generator menu: generators that support the tool, and those that are not ready. */

import type { Generator } from "../transport/messages.ts";
import { NOT_CONNECTED } from "../transport/transport.ts";
import { isReady, supports, type Tool } from "./tools.ts";

/** Fills the menu up to two entries: Live requires at least two. */
const BLANK = "-";

export interface Menu {
  entries: string[];
  /** Ids of the entries; "" for an entry that cannot be chosen. */
  ids: string[];
  index: number;
}

/**
 * List the choices. The chosen generator stays chosen while it is missing: a server update must not
 * change a Set.
 */
export function menuFor(generators: readonly Generator[], tool: Tool, chosen: string): Menu {
  const able = generators.filter((generator) => supports(generator, tool));
  const waiting = generators.filter((generator) => !isReady(generator));
  const rows = [
    ...able.map(({ id }) => ({ id, entry: id })),
    ...waiting.map((generator) => ({ id: generator.id, entry: waitingEntry(generator) })),
  ];
  // The default is a monophonic melody.
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

/** Return why this generator cannot be used now; "" if it can. */
export function unavailableReason(
  generators: readonly Generator[],
  id: string,
  tool: Tool,
  connected: boolean,
): string {
  const generator = generators.find((candidate) => candidate.id === id);
  if (!connected) return NOT_CONNECTED;
  if (generators.length === 0) return "The server has no generators.";
  if (id === "") return `No generator on this server supports ${tool.verb}.`;
  if (!generator) return `The server does not have the generator ${id}. Choose another.`;
  if (generator.status === "GENERATOR_STATUS_LOADING") {
    return `${id} is still loading. Try again in a moment.`;
  }
  if (!isReady(generator)) return generator.statusMessage || `${id} cannot be used.`;
  return supports(generator, tool)
    ? ""
    : `${id} does not support ${tool.verb}. Choose another generator.`;
}

function waitingEntry(generator: Generator): string {
  const loading = generator.status === "GENERATOR_STATUS_LOADING";
  return `${generator.id} (${loading ? "loading" : "failed"})`;
}
