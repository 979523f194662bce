/** A MIDI Tool in a simulated clip view. */

import assert from "node:assert/strict";
import type { LiveNote } from "../../../core/host/live_port.ts";
import { complete } from "../../../sim/live_clip.ts";
import { LiveSet } from "../../../sim/live_set.ts";
import { MidiToolSim, type ToolContext, type ToolHabits } from "../../../sim/midi_tool.ts";
import { MaxWorld, V8Host, type V8Options } from "../../../sim/v8_host.ts";
import { script, until } from "../fixture.ts";

export const CONTEXT: ToolContext = {
  clip: {
    time_selection_start: 0,
    time_selection_end: 0,
    first_note_start: 0,
    last_note_end: 4,
    lowest_pitch: 60,
    highest_pitch: 72,
    insert_marker_time: 2,
  },
  scale: {
    scale_mode: 0,
    root_note: 0,
    scale_intervals: [0, 2, 4, 5, 7, 9, 11],
    scale_name: "Major",
  },
  grid: { interval: 0.25, enabled: 1 },
};

export interface ToolOptions {
  notes?: LiveNote[];
  context?: Partial<ToolContext>;
  habits?: Partial<ToolHabits>;
  listOfOne?: "list" | "element";
  http?: string;
  v8?: V8Options;
  /** Live's. */
  version?: [number, number, number];
}

export class ToolFixture {
  readonly set = new LiveSet();
  readonly world: MaxWorld;
  readonly host: V8Host;
  readonly sim: MidiToolSim;
  private isReady = false;

  private constructor(kind: "generator" | "transformation", code: string, options: ToolOptions) {
    this.world = new MaxWorld(options.listOfOne);
    const { dicts } = this.world;
    dicts.open("magenta_bridge_shared");
    dicts.write("magenta_bridge_shared", { grpc: "", http: options.http ?? "" });
    const track = this.set.addTrack("Keys");
    const device = this.set.addDevice(track);
    const live = { set: this.set, device, ready: () => this.isReady };
    this.host = new V8Host(code, this.world, { live, ...options.v8 });
    const habits: ToolHabits = { first: "context", respondsToBang: true, ...options.habits };
    const context = { ...CONTEXT, ...options.context };
    const notes = (options.notes ?? []).map(complete);
    this.sim = new MidiToolSim(kind, this.world, this.host, notes, context, habits);
  }

  static async open(kind: "generator" | "transformation", options: ToolOptions = {}) {
    const fixture = new ToolFixture(kind, await script(kind), options);
    fixture.set.app.version = options.version ?? fixture.set.app.version;
    fixture.isReady = true;
    fixture.host.send(0, "live_ready");
    return fixture;
  }

  /** With the server's list in the menu. */
  async listed(): Promise<this> {
    await this.until(() => this.status === "Press Fetch.", "the list of generators");
    return this;
  }

  /** Presses Fetch and waits for all candidates. */
  async fetched(count = 8): Promise<this> {
    this.sim.control("fetch");
    await this.until(() => this.status.includes(`of ${count}; press Apply`), "all candidates");
    return this;
  }

  get status(): string {
    return String(this.host.from(2, "status").at(-1)?.[2] ?? "");
  }

  async until(seen: () => boolean, what = ""): Promise<void> {
    await until(this.world, seen, () => {
      return `never seen: ${what || seen}; shown: ${this.status}; ${this.host.console.join("\n")}`;
    });
  }

  /** The tool closes; Live never complained, and nothing was printed. */
  end(): void {
    this.host.close();
    assert.deepEqual(this.sim.status, [], "messages in Live's status bar");
    assert.deepEqual(this.host.console, []);
    assert.deepEqual(this.set.console, []);
    assert.deepEqual(this.set.undoSteps, [], "a tool changes nothing by the object model");
    assert.equal(this.world.clock.waiting, 0, "a task was left behind");
  }
}
