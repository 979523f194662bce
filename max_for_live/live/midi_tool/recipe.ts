/** What tells one MIDI Tool from another: what it asks for, and what it makes of the answer. */

import type { Choices, GenerationPlan } from "../../core/generation/request.ts";
import type { Tool } from "../../core/generation/tools.ts";
import type { LiveNote, SetFacts } from "../../core/host/live_port.ts";
import type { Generator } from "../../core/transport/messages.ts";
import type { ToolInput } from "./live_cycle.ts";

/** Numbers of the tool's own controls. */
export interface ToolParameters {
  mode: number;
  /** 0 to 1. */
  amount: number;
}

export interface Recipe {
  /** Under this name the tool is known in the self-test. */
  readonly kind: "generator" | "transformation";
  /** Which generators it takes. */
  readonly tool: Tool;
  /** Throws an Error of one sentence where nothing can be asked for. */
  plan(input: ToolInput, generator: Generator, set: SetFacts, choices: Choices, parameters: ToolParameters): GenerationPlan;
  /** The notes for Live; `written` is in beats from the start of the new section. */
  answer(input: ToolInput, written: LiveNote[], parameters: ToolParameters, bar: number): LiveNote[];
}

/** Says whether two orders ask for the same music; how fast the Set is does not count. */
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
