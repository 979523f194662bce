/**
 * `live.miditool.in` and `live.miditool.out`, and Live's side of them.
 *
 * A trigger hands out the notes and the context; the answer has to come before that call returns.
 * Later triggers of the same cycle hand out the same notes, until the user edits the clip.
 */

import type { LiveNote } from "../../core/live_port.ts";
import type { World } from "./device.ts";
import { fromAtoms, type Message } from "./message.ts";
import type { Around, MaxObject } from "./object.ts";

export interface ToolContext {
  clip: Record<string, number>;
  scale: Record<string, unknown>;
  grid: Record<string, number>;
}

/** What Live writes into its status bar. */
const ERRORS = {
  late: "Did not receive a Note dictionary in time",
  asynchronous: "Received a Note dictionary asynchronously",
  malformed: "The Note dictionary received from Max was malformed",
} as const;
const REQUIRED = ["pitch", "start_time", "duration"] as const;

export class ToolCycle {
  /** The clip's notes; a Generator is handed none. */
  notes: LiveNote[] = [];
  context: ToolContext = {
    clip: {
      time_selection_start: 0,
      time_selection_end: 16,
      first_note_start: 0,
      last_note_end: 0,
      lowest_pitch: 0,
      highest_pitch: 0,
      insert_marker_time: 0,
    },
    scale: { scale_mode: 0, root_note: 0, scale_intervals: [0, 2, 4, 5, 7, 9, 11] },
    grid: { interval: 0.25, enabled: 1 },
  };
  /** The last answer; null before the first. */
  answer: LiveNote[] | null = null;
  /** Triggers so far. */
  triggers = 0;
  /** Live's status bar. */
  readonly status: string[] = [];
  readonly world: World;
  /** `live.miditool.in`, once the patch has made it. */
  source: MidiToolIn | null = null;
  #waiting = false;

  constructor(world: World) {
    this.world = world;
  }

  /** Live opens a cycle: Apply, or a change while Live applies at once. */
  trigger(): void {
    this.world.main.run(() => this.handOut());
  }

  handOut(): void {
    this.triggers += 1;
    this.#waiting = true;
    this.source?.say(this.notes, this.context);
    if (this.#waiting) this.status.push(ERRORS.late);
    this.#waiting = false;
  }

  take(name: string): void {
    if (!this.#waiting) {
      this.status.push(ERRORS.asynchronous);
      return;
    }
    this.#waiting = false;
    const notes = this.world.max.dicts.read(name).notes as LiveNote[] | LiveNote | undefined;
    const list = notes === undefined ? [] : [notes].flat();
    const lost = list.flatMap((note) => REQUIRED.filter((key) => typeof note[key] !== "number"));
    if (lost.length > 0) this.status.push(`${ERRORS.malformed}: The key ${lost[0]} is missing`);
    else this.answer = list;
  }
}

export class MidiToolIn implements MaxObject {
  readonly #around: Around;
  readonly #cycle: ToolCycle;

  constructor(around: Around, cycle: ToolCycle) {
    this.#around = around;
    this.#cycle = cycle;
    cycle.source = this;
  }

  receive(_inlet: number, message: Message): boolean {
    if (message.selector !== "bang") return false;
    this.#cycle.handOut();
    return true;
  }

  /** Context first, as Max goes from right to left. */
  say(notes: LiveNote[], context: ToolContext): void {
    const { dicts } = this.#cycle.world.max;
    for (const [outlet, content] of [
      [1, context],
      [0, { notes }],
    ] as const) {
      const name = dicts.open();
      dicts.write(name, content as unknown as Record<string, unknown>);
      this.#around.out(outlet, fromAtoms(["dictionary", name]));
      dicts.close(name);
    }
  }
}

export class MidiToolOut implements MaxObject {
  readonly #cycle: ToolCycle;
  constructor(_around: Around, cycle: ToolCycle) {
    this.#cycle = cycle;
  }

  receive(_inlet: number, message: Message): boolean {
    if (message.selector !== "dictionary") return false;
    this.#cycle.take(String(message.args[0]));
    return true;
  }
}
