/** The difference between the MIDI Tools: what they request, and what they do with the result. */

import type { Choices, GenerationPlan } from "../../core/generation/request.ts";
import type { Tool } from "../../core/generation/tools.ts";
import type { LiveNote, SetFacts } from "../../core/host/live_port.ts";
import type { Generator } from "../../core/transport/messages.ts";
import type { ToolInput } from "./live_cycle.ts";

/** Values of the tool's own controls. */
export interface ToolParameters {
  mode: number;
  /** In [0, 1]. */
  amount: number;
}

export interface Recipe {
  readonly kind: "generator" | "transformation";
  /** The capability that a generator needs. */
  readonly tool: Tool;
  /** Throw an Error with a message for the user if nothing can be requested. */
  plan(
    input: ToolInput,
    generator: Generator,
    set: SetFacts,
    choices: Choices,
    parameters: ToolParameters,
  ): GenerationPlan;
  /** Return the notes for Live; `written` is in beats from the start of the new section. */
  answer(
    input: ToolInput,
    written: LiveNote[],
    parameters: ToolParameters,
    bar: number,
  ): LiveNote[];
}

/** Return the cache key of a plan; the Set's tempo does not matter. */
export function keyOf({ request, start, end, bar, primer }: GenerationPlan): string {
  const { generatorId, options, seed } = request;
  const args = JSON.stringify(options?.args ?? {});
  return JSON.stringify([generatorId, args, seed, start, end, bar, fingerprint(primer)]);
}

function fingerprint(notes: readonly LiveNote[]): string {
  let hash = 0;
  for (const note of notes) {
    const text = `${note.pitch} ${note.start_time} ${note.duration} ${note.velocity ?? 100};`;
    for (let at = 0; at < text.length; at += 1) {
      hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    }
  }
  return `${notes.length} ${hash}`;
}
