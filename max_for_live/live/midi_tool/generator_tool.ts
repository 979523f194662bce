/**
 * Script of the MIDI Tool Magenta Bridge Generator, for v8.codebox: adds new notes at the insert
 * marker or in the time selection. Each export is a message.
 *
 * Inlet 0 receives controls and Live's notes, inlet 1 Live's context; `TOOL_OUT` names the outlets.
 */

import { planFor } from "../../core/generation/request.ts";
import { toolOf } from "../../core/generation/tools.ts";
import { toolScript } from "./midi_tool.ts";
import type { Recipe } from "./recipe.ts";

export const ports = { inlets: 2, outlets: 3 };

const GENERATOR: Recipe = {
  kind: "generator",
  tool: toolOf("generate"),

  plan(_given, generator, set, choices) {
    return planFor(toolOf("generate"), generator, set, null, choices);
  },

  answer({ notes, context }, written) {
    const start = context.insertMarker ?? context.selectionStart;
    const selected = context.insertMarker === null && context.selectionEnd > start;
    const end = selected ? context.selectionEnd : Number.POSITIVE_INFINITY;
    const placed = written
      .map((note) => ({ ...note, start_time: note.start_time + start }))
      .filter((note) => note.start_time < end)
      .map((note) => ({ ...note, duration: Math.min(note.duration, end - note.start_time) }));
    return [...notes, ...placed];
  },
};

export const { live_ready, control, notes, dictionary, closing, notifydeleted } =
  toolScript(GENERATOR);
