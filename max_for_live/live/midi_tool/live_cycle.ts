/**
 * Live's request to a MIDI Tool, and the response within the same call.
 *
 * Live sends the context and the notes, one after the other. Usually the context comes first; notes
 * that come first wait for it.
 */

import type { Scale } from "../../core/generation/scale.ts";
import type { LiveNote } from "../../core/host/live_port.ts";
import { readDict } from "../dicts.ts";

/** Outlets of a tool's script. */
export const TOOL_OUT = { notes: 0, trigger: 1, ui: 2 } as const;

export class LiveCycle {
  /** Live's last input; null before the first. */
  input: ToolInput | null = null;
  private context = EMPTY_CONTEXT;
  private isFresh = false;
  private waiting: LiveNote[] | null = null;
  private answers = 0;
  private out: Dict | null = null;

  constructor(private readonly answer: (input: ToolInput) => LiveNote[]) {}

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

  /** Make Live send another request at once; return whether it did. */
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
    this.input = { notes, context: this.context };
    this.out ??= new Dict();
    this.out.parse(JSON.stringify({ notes: this.answer(this.input) }));
    outlet(TOOL_OUT.notes, ["dictionary", this.out.name]);
  }
}

/** In beats on the clip's timeline. */
export interface Context {
  selectionStart: number;
  selectionEnd: number;
  /** Position of the insert marker; null while notes or a time are selected. */
  insertMarker: number | null;
  /** Live's scale; null while it is off. */
  scale: Scale | null;
}

export interface ToolInput {
  notes: LiveNote[];
  context: Context;
}

const EMPTY_CONTEXT: Context = {
  selectionStart: 0,
  selectionEnd: 0,
  insertMarker: null,
  scale: null,
};

type Json = Record<string, unknown>;

/** A list of one may arrive as its element. */
export function readNotes(dict: unknown): LiveNote[] {
  const notes = (dict as Json | null)?.notes;
  if (Array.isArray(notes)) return notes as LiveNote[];
  return typeof notes === "object" && notes !== null ? [notes as LiveNote] : [];
}

function readContext(dict: unknown): Context {
  const { clip, scale } = (dict ?? {}) as { clip?: Json; scale?: Json };
  const start = number(clip?.time_selection_start) ?? 0;
  return {
    selectionStart: start,
    selectionEnd: number(clip?.time_selection_end) ?? start,
    insertMarker: number(clip?.insert_marker_time),
    scale: readScale(scale),
  };
}

function readScale(scale: Json | undefined): Scale | null {
  const intervals = [scale?.scale_intervals ?? []].flat().filter((one) => typeof one === "number");
  if (Number(scale?.scale_mode) !== 1 || intervals.length === 0) return null;
  return { root: number(scale?.root_note) ?? 0, intervals };
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
