/** The Generator tool: new notes where the insert marker stands, or into the time selected. */

import { orderFor } from "../../core/generation/request.ts";
import { toolOf } from "../../core/generation/tools.ts";
import type { Recipe } from "./recipe.ts";

export const GENERATOR: Recipe = {
  kind: "generator",
  tool: toolOf("generate"),

  order(_given, generator, set, choices) {
    return orderFor(toolOf("generate"), generator, set, null, choices);
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
