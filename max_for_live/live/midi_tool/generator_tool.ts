/**
 * Script of the MIDI Tool Magenta Bridge Generator, for v8.codebox. Each export is a message.
 *
 * Inlet 0 takes controls and Live's notes, inlet 1 Live's context; `tool_cycle.ts` names the
 * outlets.
 */

import { GENERATOR } from "./generator_recipe.ts";
import { toolScript } from "./script.ts";

export const ports = { inlets: 2, outlets: 3 };

export const { live_ready, control, notes, dictionary, closing, notifydeleted } =
  toolScript(GENERATOR);
