/** A simulated Live with devices on its tracks, which run the shipped scripts. */

import assert from "node:assert/strict";
import { bundleV8, type V8_SCRIPTS } from "../../build/scripts.ts";
import { LiveSet } from "../../sim/live_set.ts";
import type { SimDevice, SimTrack } from "../../sim/live_track.ts";
import type { Atom } from "../../sim/lom_object.ts";
import { MaxWorld, V8Host, type V8Options } from "../../sim/v8_host.ts";

/** Milliseconds after which Node counts as absent. */
const NODE_TIMEOUT = 8_000;

/** A main device on a track, with the texts that it shows. */
export class PluggedDevice {
  readonly shown = new Map<string, Atom>();
  readonly music: Atom[][] = [];
  private isReady = false;
  readonly host: V8Host;

  constructor(
    readonly fixture: LiveFixture,
    readonly device: SimDevice,
    code: string,
    options: V8Options = {},
  ) {
    const live = { set: fixture.set, device, ready: () => this.isReady };
    this.host = new V8Host(code, fixture.world, { live, ...options }, (outlet, atoms) => {
      this.onOutlet(outlet, atoms);
    });
  }

  /** Send the bang of live.thisdevice; earlier messages are stored values. */
  ready(): this {
    this.isReady = true;
    this.host.send(0, "live_ready");
    this.host.send(0, "enabled", 1);
    return this;
  }

  /** Connect over HTTP, without Node. */
  async connected(): Promise<this> {
    this.ready();
    this.fixture.world.clock.advance(NODE_TIMEOUT);
    // The leap in time may have caused timeouts in other devices.
    await this.fixture.until(() => this.fixture.plugged.every((one) => one.isUp), "connected");
    return this;
  }

  private get isUp(): boolean {
    if (this.host.isClosed) return true;
    return this.text("path") === "HTTP" && /^\d+ generators/.test(this.text("status"));
  }

  control(id: string, ...values: Atom[]): void {
    this.host.send(0, "control", id, ...values);
  }

  text(id: string): string {
    return String(this.shown.get(`${id} text`) ?? "");
  }

  private onOutlet(outlet: number, atoms: Atom[]): void {
    if (outlet === 0) this.shown.set(`${atoms[0]} ${atoms[1]}`, atoms.slice(2).join(" "));
    if (outlet === 3) this.music.push(atoms);
  }
}

export class LiveFixture {
  readonly set = new LiveSet();
  readonly plugged: PluggedDevice[] = [];
  readonly world: MaxWorld;

  constructor(http = "", listOfOne: "list" | "element" = "list") {
    this.world = new MaxWorld(listOfOne);
    if (http !== "") this.serverAt(http);
  }

  /** Publish the address of a server, as another device does. */
  serverAt(http: string): void {
    const { dicts } = this.world;
    if (!dicts.contents.has("magenta_bridge_shared")) dicts.open("magenta_bridge_shared");
    dicts.write("magenta_bridge_shared", { grpc: "", http });
  }

  async plug(track: SimTrack, options: V8Options = {}): Promise<PluggedDevice> {
    return this.plugIn(this.set.addDevice(track), options);
  }

  /** Add a device, and connect it over HTTP. */
  async connect(track: SimTrack, options: V8Options = {}): Promise<PluggedDevice> {
    return (await this.plug(track, options)).connected();
  }

  async plugIn(device: SimDevice, options: V8Options = {}): Promise<PluggedDevice> {
    const plugged = new PluggedDevice(this, device, await script("live"), options);
    this.plugged.push(plugged);
    return plugged;
  }

  /** Advance the time until the condition holds. */
  async until(seen: () => boolean, what = ""): Promise<void> {
    await until(this.world, seen, () => {
      const shown = this.plugged.map((one) => one.text("status")).join("; ");
      const prints = this.plugged.flatMap((one) => one.host.console).join("\n");
      return `timeout: ${what || seen}; shown: ${shown}; ${prints}`;
    });
  }

  /** Close the devices; there must be no errors and no pending tasks. */
  end(): void {
    for (const one of this.plugged) {
      one.host.close();
      assert.deepEqual(one.host.console, [], "a device printed to Max's window");
    }
    assert.deepEqual(this.set.console, [], "errors of Live");
    assert.equal(this.world.clock.waiting, 0, "pending tasks");
  }
}

/** Seconds of real time. */
const TIMEOUT = 20;
/** Milliseconds of Max's time. */
const STEP = 10;

/**
 * Wait until the condition holds. Max's clock advances only while no HTTP request is in flight, so
 * that the result does not depend on the speed of the computer.
 */
export async function until(
  world: MaxWorld,
  holds: () => boolean,
  complaint: () => string,
): Promise<void> {
  const end = Date.now() + TIMEOUT * 1000;
  while (!holds()) {
    if (Date.now() > end) assert.fail(`${complaint()}; ${world.traffic.inFlight} requests wait`);
    if (world.traffic.inFlight === 0) world.clock.advance(STEP);
    await new Promise((resolve) => setTimeout(resolve, world.traffic.inFlight === 0 ? 0 : 2));
  }
}

const bundles = new Map<string, Promise<string>>();

/** Return a shipped script, bundled once for each test file. */
export function script(name: keyof typeof V8_SCRIPTS): Promise<string> {
  const bundle = bundles.get(name) ?? bundleV8(name);
  bundles.set(name, bundle);
  return bundle;
}
