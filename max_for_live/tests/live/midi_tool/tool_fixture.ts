/** A MIDI Tool in the simulated Live. */

import assert from "node:assert/strict";
import type { LiveNote } from "../../../core/host/live_port.ts";
import { complete } from "../../../sim/live_clip.ts";
import { LiveSet } from "../../../sim/live_set.ts";
import { type LiveToolOptions, MidiToolSim, type ToolContext } from "../../../sim/midi_tool.ts";
import { CONTEXT as EMPTY_CLIP } from "../../../sim/objects/midi_tool.ts";
import { MaxWorld, V8Host, type V8Options } from "../../../sim/v8_host.ts";
import { script, until } from "../fixture.ts";

/** Context of a clip without a time selection. */
const CONTEXT: ToolContext = {
  ...EMPTY_CLIP,
  clip: { ...EMPTY_CLIP.clip, time_selection_end: 0, insert_marker_time: 2 },
};

interface FixtureOptions {
  notes?: LiveNote[];
  context?: Partial<ToolContext>;
  live?: Partial<LiveToolOptions>;
  listOfOne?: "list" | "element";
  http?: string;
  v8?: V8Options;
  /** Version of Live. */
  version?: [number, number, number];
}

export class ToolFixture {
  readonly set = new LiveSet();
  readonly world: MaxWorld;
  readonly host: V8Host;
  readonly sim: MidiToolSim;
  private isReady = false;

  private constructor(kind: "generator" | "transformation", code: string, options: FixtureOptions) {
    this.world = new MaxWorld(options.listOfOne);
    const { dicts } = this.world;
    dicts.open("magenta_bridge_shared");
    dicts.write("magenta_bridge_shared", { grpc: "", http: options.http ?? "" });
    const track = this.set.addTrack("Keys");
    const device = this.set.addDevice(track);
    const live = { set: this.set, device, ready: () => this.isReady };
    this.host = new V8Host(code, this.world, { live, ...options.v8 });
    const liveOptions = { first: "context", respondsToBang: true, ...options.live } as const;
    const context = { ...CONTEXT, ...options.context };
    const notes = (options.notes ?? []).map(complete);
    this.sim = new MidiToolSim(kind, this.world, this.host, notes, context, liveOptions);
  }

  static async open(kind: "generator" | "transformation", options: FixtureOptions = {}) {
    const fixture = new ToolFixture(kind, await script(kind), options);
    fixture.set.app.version = options.version ?? fixture.set.app.version;
    fixture.isReady = true;
    fixture.host.send(0, "live_ready");
    return fixture;
  }

  /** Wait for the server's list in the menu. */
  async listed(): Promise<this> {
    await this.until(() => this.status === "Press Fetch.", "the list of generators");
    return this;
  }

  /** Press Fetch, and wait for all candidates. */
  async fetched(count = 8): Promise<this> {
    this.sim.control("fetch");
    await this.until(() => this.status.includes(`of ${count}. Press Apply`), "all candidates");
    return this;
  }

  get status(): string {
    return String(this.host.from(2, "status").at(-1)?.[2] ?? "");
  }

  async until(seen: () => boolean, what = ""): Promise<void> {
    await until(this.world, seen, () => {
      return `timeout: ${what || seen}; shown: ${this.status}; ${this.host.console.join("\n")}`;
    });
  }

  /** Close the tool; there must be no errors and no pending tasks. */
  end(): void {
    this.host.close();
    assert.deepEqual(this.sim.status, [], "messages in Live's status bar");
    assert.deepEqual(this.host.console, []);
    assert.deepEqual(this.set.console, []);
    assert.deepEqual(this.set.undoSteps, [], "a tool changes nothing through LiveAPI");
    assert.equal(this.world.clock.waiting, 0, "pending tasks");
  }
}
