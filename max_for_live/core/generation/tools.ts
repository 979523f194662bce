/** The device's tools: one for each capability that a generator may have. */

import type { Generator } from "../transport/messages.ts";

export interface Tool {
  /** Its button is `tool_ID`. */
  id: string;
  capability: string;
  /** What its button to begin says. */
  verb: string;
  /** Whether it works on the selected clip. */
  primer: boolean;
  /** Whether the musician says how many bars; else they are as many as the clip's. */
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

/** Controls that are there for some tools only. */
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

/** A server of an earlier version does not state it; its generators are all ready. */
export function isReady(generator: Generator): boolean {
  const status = generator.status ?? "GENERATOR_STATUS_UNSPECIFIED";
  return status === "GENERATOR_STATUS_READY" || status === "GENERATOR_STATUS_UNSPECIFIED";
}

export function supports(generator: Generator, tool: Tool): boolean {
  return isReady(generator) && (generator.capabilities ?? []).includes(tool.capability);
}

/** Ids of the tools for which there is a generator. */
export function toolsFor(generators: readonly Generator[]): Set<string> {
  const found = TOOLS.filter((tool) => generators.some((generator) => supports(generator, tool)));
  return new Set(found.map(({ id }) => id));
}
