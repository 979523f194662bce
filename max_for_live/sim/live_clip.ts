/** A MIDI or audio clip of the simulated Live, with the note functions of Live 11 and later. */

import type { LiveNote } from "../core/host/live_port.ts";
import { type Atom, LomError, LomObject } from "./lom_object.ts";

const FIELDS: Record<string, number> = {
  velocity: 100,
  mute: 0,
  probability: 1,
  velocity_deviation: 0,
  release_velocity: 64,
};
const REQUIRED = ["pitch", "start_time", "duration"] as const;

let lastNote = 0;

interface ClipShape {
  length: number;
  midi?: boolean;
  /** Start in the Arrangement; undefined in Session. */
  at?: number;
}

export class SimClip extends LomObject {
  readonly type = "Clip";
  notes: Required<LiveNote>[] = [];

  constructor(parent: LomObject, shape: ClipShape) {
    super(parent);
    Object.assign(this.values, {
      name: "",
      is_midi_clip: shape.midi === false ? 0 : 1,
      is_arrangement_clip: shape.at === undefined ? 0 : 1,
      looping: 1,
      loop_start: 0,
      loop_end: shape.length,
      start_marker: 0,
      end_marker: shape.length,
      signature_numerator: 4,
      signature_denominator: 4,
      start_time: shape.at ?? 0,
      end_time: (shape.at ?? 0) + shape.length,
      length: () => this.length(),
    });
    for (const name of [
      "name",
      "looping",
      "loop_start",
      "loop_end",
      "start_marker",
      "end_marker",
    ]) {
      this.writable.add(name);
    }
    this.addNoteCalls();
  }

  /** The notes without ids. */
  get plainNotes(): LiveNote[] {
    return this.notes.map(({ note_id: _, ...note }) => note);
  }

  /** Add notes without an undo step, for tests. */
  fill(notes: LiveNote[]): this {
    this.notes.push(...notes.map(complete));
    return this;
  }

  override write(name: string, value: Atom): void {
    if (name === "name" && String(value).startsWith('"')) throw new LomError("Clip: quoted name");
    super.write(name, value);
  }

  private length(): number {
    if (this.number("is_arrangement_clip"))
      return this.number("end_time") - this.number("start_time");
    const looping = this.number("looping") === 1;
    const [from, to] = looping ? ["loop_start", "loop_end"] : ["start_marker", "end_marker"];
    return this.number(to as string) - this.number(from as string);
  }

  private addNoteCalls(): void {
    Object.assign(this.methods, {
      get_all_notes_extended: () => this.toJson(this.notes),
      add_new_notes: (dict: unknown) => this.add(dict),
      apply_note_modifications: (dict: unknown) => this.modify(dict),
    });
  }

  /** Note functions return JSON. */
  private toJson(notes: LiveNote[]): string {
    this.requireMidi();
    return JSON.stringify({ notes });
  }

  private add(dict: unknown): number[] {
    this.requireMidi();
    const notes = readNotes(dict);
    for (const note of notes) {
      for (const key of REQUIRED) {
        if (typeof note[key] !== "number") throw new LomError(`add_new_notes: ${key} is missing`);
      }
      if (note.duration <= 0) throw new LomError("add_new_notes: duration must be above 0");
      if (note.pitch < 0 || note.pitch > 127 || !Number.isInteger(note.pitch)) {
        throw new LomError("add_new_notes: pitch must be 0 to 127");
      }
      if (note.note_id !== undefined) throw new LomError("add_new_notes: note_id is not allowed");
    }
    const added = notes.map(complete);
    this.notes.push(...added);
    return added.map((note) => note.note_id);
  }

  /** One unknown id invalidates the whole call. */
  private modify(dict: unknown): void {
    const changes = readNotes(dict);
    const known = new Map(this.notes.map((note) => [note.note_id, note]));
    if (changes.some((change) => !known.has(change.note_id ?? -1))) {
      throw new LomError("apply_note_modifications: unknown note_id");
    }
    for (const change of changes) Object.assign(known.get(change.note_id ?? -1) as object, change);
  }

  private requireMidi(): void {
    if (!this.number("is_midi_clip")) throw new LomError("Clip: not a MIDI clip");
  }
}

export function complete(note: LiveNote): Required<LiveNote> {
  lastNote += 1;
  return { ...FIELDS, ...note, note_id: lastNote } as Required<LiveNote>;
}

function readNotes(dict: unknown): LiveNote[] {
  const plain = typeof dict === "string" ? JSON.parse(dict) : dict;
  const notes = (plain as { notes?: LiveNote[] } | null)?.notes;
  if (!Array.isArray(notes)) throw new LomError("no notes in the dictionary");
  // Scripts run in their own context, with their own object prototypes.
  return JSON.parse(JSON.stringify(notes));
}
