/**
 * Live's side of a MIDI Tool: sends notes and context, and expects the response within the call.
 *
 * The first request of a cycle takes a snapshot of the clip; later requests send the same, until
 * the user edits the clip or applies the result.
 */

import type { LiveNote } from "../core/host/live_port.ts";
import { complete } from "./live_clip.ts";
import type { MaxWorld, V8Host } from "./v8_host.ts";

export interface ToolContext {
  clip: Record<string, number>;
  scale: Record<string, unknown>;
  grid: Record<string, number>;
}

export interface LiveToolOptions {
  /** Which of the two dictionaries is sent first. */
  first: "context" | "notes";
  /** Whether Live sends a request after a bang that no user action has caused. */
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
  /** Notes that the clip shows during the cycle. */
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
    private readonly options: LiveToolOptions = { first: "context", respondsToBang: true },
  ) {
    host.cord = (outlet, atoms) => this.onOutlet(outlet, atoms);
  }

  control(id: string, ...values: (number | string)[]): void {
    this.isUserAction = true;
    this.host.send(0, "control", id, ...values);
    this.isUserAction = false;
  }

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

  /** Send another request, and put the result into the clip. */
  apply(): void {
    this.request();
    if (this.reply !== null) this.notes = this.applied(this.reply);
    this.snapshot = null;
  }

  /** Edit the clip: the next request takes a new snapshot. */
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
    for (const send of this.options.first === "context" ? order : order.reverse()) send();
    dicts.close(context);
    dicts.close(list);
  }

  private onOutlet(outlet: number, atoms: (number | string)[]): void {
    if (outlet === 0) this.takeReply(String(atoms[1]));
    if (outlet !== 1) return;
    if (this.isUserAction || this.options.respondsToBang) this.request();
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

  /** A generator adds notes; a transformation replaces them, and ids stay. */
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
