/** `live.miditool.in` and `live.miditool.out`: Live's side of a MIDI Tool in the patch. */

import type { LiveNote } from "../../core/host/live_port.ts";
import { MidiToolSim, type ToolContext } from "../midi_tool.ts";
import type { V8Host } from "../v8_host.ts";
import type { World } from "./device.ts";
import { fromAtoms, type Message } from "./message.ts";
import type { BoxContext, MaxObject } from "./object.ts";

/** Context of an empty four-bar clip in 4/4. */
export const CONTEXT: ToolContext = {
  clip: {
    time_selection_start: 0,
    time_selection_end: 16,
    insert_marker_time: 0,
    first_note_start: 0,
    last_note_end: 0,
    lowest_pitch: 0,
    highest_pitch: 0,
  },
  scale: {
    scale_mode: 0,
    root_note: 0,
    scale_intervals: [0, 2, 4, 5, 7, 9, 11],
    scale_name: "Major",
  },
  grid: { interval: 0.25, enabled: 1 },
};

/** Connects Live's side, which expects a script, with the two objects. */
export class ToolPort {
  /** Receives output: 0 is a response, 1 requests a request. */
  cord: (outlet: number, atoms: (number | string)[]) => void = () => {};
  source: BoxContext | null = null;

  /** Return Live's side for a loaded patch; `notes` are the clip's. */
  live(
    kind: "generator" | "transformation",
    world: World,
    notes: Required<LiveNote>[] = [],
    context: ToolContext = CONTEXT,
  ): MidiToolSim {
    return new MidiToolSim(kind, world.max, this as unknown as V8Host, notes, context);
  }

  /** Send a dictionary to the patch: notes at outlet 0, the context at outlet 1. */
  send(outlet: number, ...words: (number | string)[]): void {
    this.source?.out(outlet, fromAtoms(words));
  }
}

export class MidiToolIn implements MaxObject {
  constructor(
    context: BoxContext,
    private readonly port: ToolPort,
  ) {
    port.source = context;
  }

  receive(_inlet: number, message: Message): boolean {
    if (message.selector !== "bang") return false;
    this.port.cord(1, ["bang"]);
    return true;
  }
}

export class MidiToolOut implements MaxObject {
  constructor(private readonly port: ToolPort) {}

  receive(_inlet: number, message: Message): boolean {
    if (message.selector !== "dictionary") return false;
    this.port.cord(0, ["dictionary", ...message.args]);
    return true;
  }
}
