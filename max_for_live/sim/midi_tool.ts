/**
 * Live's side of a MIDI Tool: hands out notes and context, and wants the reply within the call.
 *
 * The first question of a cycle takes a snapshot of the clip, and later ones hand out the same,
 * until the musician edits the clip or applies.
 */

import type { LiveNote } from "../core/host/live_port.ts";
import { complete } from "./live_clip.ts";
import type { MaxWorld, V8Host } from "./v8_host.ts";

export interface ToolContext {
  clip: Record<string, number>;
  scale: Record<string, unknown>;
  grid: Record<string, number>;
}

export interface ToolHabits {
  /** Which of the two dictionaries comes first. */
  first: "context" | "notes";
  /** Whether Live asks when the tool wants it to though no hand is on a control. */
  respondsToBang: boolean;
}

const REQUIRED = ["pitch", "start_time", "duration"];

export const STATUS = {
  late: "Did not receive a Note dictionary in time",
  missing: "The Note dictionary received from Max was malformed: The key",
  asynchronous: "Received a Note dictionary asynchronously",
} as const;

export class MidiToolSim {
  /** Messages in Live's status bar. */
  readonly status: string[] = [];
  /** What the clip shows while the cycle is open. */
  preview: LiveNote[] = [];
  requests = 0;
  private snapshot: LiveNote[] | null = null;
  private reply: LiveNote[] | null = null;
  private isRequesting = false;
  private isUserAction = false;

  constructor(
    private readonly kind: "generator" | "transformation",
    private readonly world: MaxWorld,
    private readonly host: V8Host,
    /** The clip's notes. */
    public notes: Required<LiveNote>[],
    public context: ToolContext,
    private readonly habits: ToolHabits = { first: "context", respondsToBang: true },
  ) {
    host.cord = (outlet, atoms) => this.onOutlet(outlet, atoms);
  }

  /** The musician's hand on a control. */
  control(id: string, ...values: (number | string)[]): void {
    this.isUserAction = true;
    this.host.send(0, "control", id, ...values);
    this.isUserAction = false;
  }

  /** Live asks. */
  request(): void {
    if (this.isRequesting) return;
    this.snapshot ??= structuredClone(this.notes);
    this.isRequesting = true;
    this.reply = null;
    this.requests += 1;
    this.sendToTool(this.kind === "generator" ? [] : this.snapshot);
    this.isRequesting = false;
    if (this.reply === null) this.status.push(STATUS.late);
    else this.preview = this.reply;
  }

  /** Asks once more, and what is answered goes into the clip. */
  apply(): void {
    this.request();
    if (this.reply !== null) this.notes = this.applied(this.reply);
    this.snapshot = null;
  }

  /** The musician edits the clip: the next question takes a new snapshot. */
  edit(act: () => void): void {
    act();
    this.snapshot = null;
  }

  private sendToTool(notes: LiveNote[]): void {
    const { dicts } = this.world;
    const [context, list] = [dicts.open(), dicts.open()];
    dicts.write(context, { ...this.context });
    dicts.write(list, { notes });
    const sendContext = () => this.host.send(1, "dictionary", context);
    const sendNotes = () => this.host.send(0, "dictionary", list);
    const order = [sendContext, sendNotes];
    for (const send of this.habits.first === "context" ? order : order.reverse()) send();
    dicts.close(context);
    dicts.close(list);
  }

  private onOutlet(outlet: number, atoms: (number | string)[]): void {
    if (outlet === 0) this.takeReply(String(atoms[1]));
    if (outlet !== 1) return;
    if (this.isUserAction || this.habits.respondsToBang) this.request();
  }

  private takeReply(name: string): void {
    if (!this.isRequesting) {
      this.status.push(STATUS.asynchronous);
      return;
    }
    const held = this.world.dicts.read(name).notes;
    const notes = (Array.isArray(held) ? held : held === undefined ? [] : [held]) as LiveNote[];
    const missing = REQUIRED.find((key) => notes.some((note) => !(key in note)));
    if (missing !== undefined) this.status.push(`${STATUS.missing} ${missing} is missing`);
    else this.reply = structuredClone(notes);
  }

  /** A generator adds; a transformation replaces what was handed out, and ids stay. */
  private applied(reply: LiveNote[]): Required<LiveNote>[] {
    const known = new Map(this.snapshot?.map((note) => [note.note_id, note]));
    const taken = reply.map((note) => {
      const before = known.get(note.note_id);
      if (before === undefined) return complete(note);
      return { ...before, ...note } as Required<LiveNote>;
    });
    return this.kind === "generator" ? [...this.notes, ...taken] : taken;
  }
}
