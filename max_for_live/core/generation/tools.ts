/** The device's tools: one for each capability that a generator may have. */

import type { Generator } from "../transport/messages.ts";

export interface Tool {
  /** The id of its button is `tool_ID`. */
  id: string;
  capability: string;
  /** Text of its start button. */
  verb: string;
  /** Whether it works on the selected clip. */
  primer: boolean;
  /** Whether the user sets the number of bars; otherwise it is that of the clip. */
  bars: boolean;
}

export const TOOLS: readonly Tool[] = [
  tool("generate", "GENERATE", "Generate", { primer: false, bars: true }),
  tool("continue", "CONTINUE", "Continue", { primer: true, bars: true }),
  tool("interpolate", "INTERPOLATE", "Interpolate", { primer: true, bars: false }),
  tool("groove", "GROOVE", "Groove", { primer: true, bars: false }),
  tool("drumify", "DRUMIFY", "Drumify", { primer: true, bars: false }),
  tool("jam", "CONTINUE", "Jam", { primer: false, bars: false }),
];

/** Controls that only some tools have. */
export const CONTROLS_OF_TOOLS: Readonly<Record<string, readonly string[]>> = {
  variations: ["generate", "continue", "interpolate", "groove", "drumify"],
  bars: ["generate", "continue"],
  jam: ["jam"],
  jam_bars: ["jam"],
};

function tool(
  id: string,
  capability: string,
  verb: string,
  more: { primer: boolean; bars: boolean },
): Tool {
  return { id, capability: `CAPABILITY_${capability}`, verb, ...more };
}

export function toolOf(id: string): Tool {
  return TOOLS.find((candidate) => candidate.id === id) ?? (TOOLS[0] as Tool);
}

/** An older server sends no status; its generators are all ready. */
export function isReady(generator: Generator): boolean {
  const status = generator.status ?? "GENERATOR_STATUS_UNSPECIFIED";
  return status === "GENERATOR_STATUS_READY" || status === "GENERATOR_STATUS_UNSPECIFIED";
}

export function supports(generator: Generator, tool: Tool): boolean {
  return isReady(generator) && (generator.capabilities ?? []).includes(tool.capability);
}

/** Return the ids of the tools that have a generator. */
export function toolsFor(generators: readonly Generator[]): Set<string> {
  const found = TOOLS.filter((tool) => generators.some((generator) => supports(generator, tool)));
  return new Set(found.map(({ id }) => id));
}
