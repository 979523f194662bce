/** The messages that both tools take. */

import { MidiTool } from "./midi_tool.ts";
import type { Recipe } from "./recipe.ts";

type Word = number | string;

const CONTEXT_INLET = 1;

export function toolScript(recipe: Recipe) {
  let made: MidiTool | null = null;
  let gone = false;

  /** Nothing is made while the script is read: Max has no outlets then. */
  const tool = (): MidiTool | null => {
    if (gone) return null;
    made ??= new MidiTool(recipe);
    return made;
  };
  const closing = () => {
    if (!gone) made?.close();
    gone = true;
  };
  return {
    live_ready: () => tool()?.ready(),
    control: (id: string, ...values: Word[]) => tool()?.control(String(id), values[0] ?? 1),
    notes: (name: string) => tool()?.takeNotes(String(name)),
    dictionary: (name: string) => {
      if (inlet === CONTEXT_INLET) tool()?.context(String(name));
      else tool()?.takeNotes(String(name));
    },
    closing,
    notifydeleted: closing,
  };
}
