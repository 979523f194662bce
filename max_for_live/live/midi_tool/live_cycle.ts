/**
 * Live's question to a MIDI Tool, and the answer within the same call.
 *
 * Live hands over the context and the notes, one after the other. The context usually comes first;
 * should the notes come first, they wait for it.
 */

import type { LiveNote } from "../../core/host/live_port.ts";
import { readDict } from "../dicts.ts";
import { type Given, NO_CONTEXT, readContext, readNotes } from "./live_input.ts";

/** Outlets of a tool's script. */
export const TOOL_OUT = { notes: 0, trigger: 1, ui: 2 } as const;

export class ToolCycle {
  /** What Live handed over last; null before the first time. */
  given: Given | null = null;
  private context = NO_CONTEXT;
  private isFresh = false;
  private waiting: LiveNote[] | null = null;
  private answers = 0;
  private out: Dict | null = null;

  constructor(private readonly answer: (given: Given) => LiveNote[]) {}

  takeContext(name: string): void {
    this.context = readContext(readDict(name));
    this.isFresh = true;
    if (this.waiting !== null) this.reply(this.waiting);
  }

  takeNotes(name: string): void {
    const notes = readNotes(readDict(name));
    if (this.isFresh) this.reply(notes);
    else this.waiting = notes;
  }

  /** Has Live ask again, at once; returns whether it did. */
  trigger(): boolean {
    const before = this.answers;
    outlet(TOOL_OUT.trigger, ["bang"]);
    if (this.waiting !== null) this.reply(this.waiting);
    return this.answers > before;
  }

  close(): void {
    this.out?.freepeer();
    this.out = null;
  }

  private reply(notes: LiveNote[]): void {
    this.waiting = null;
    this.isFresh = false;
    this.answers += 1;
    this.given = { notes, context: this.context };
    this.out ??= new Dict();
    this.out.parse(JSON.stringify({ notes: this.answer(this.given) }));
    outlet(TOOL_OUT.notes, ["dictionary", this.out.name]);
  }
}
