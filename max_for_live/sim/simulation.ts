/**
 * A simulated Live with devices, in real time or faster.
 *
 * Tests and `scenario.ts` load devices, click, and wait for results.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { SimClip } from "./live_clip.ts";
import type { SimTrack } from "./live_track.ts";
import { type Stored, World } from "./objects/device.ts";
import { type OpenDevice, openDevice } from "./objects/open_device.ts";

/** Folder of the built devices. */
export const DEVICES = fileURLToPath(new URL("../dist", import.meta.url));
export const BRIDGE = "Magenta Bridge.amxd";

/** Milliseconds of real time between checks. */
const POLL = 4;
/** Seconds of real time. */
const TIMEOUT = 15;
/** A port without a server, so that a server of the person who runs the tests is left alone. */
const NO_SERVER_PORT = "9";

export interface Servers {
  /** HOST:PORT of a running server, used as the default address. */
  grpc?: string;
  /** URL of the server's HTTP port, as published by another device. */
  http?: string;
  /** The program that the device starts; by default it is not installed. */
  program?: string;
  /** False for a Max whose Node does not start; the default if only `http` is set. */
  node?: boolean;
}

export class Simulation {
  readonly world: World;
  readonly folder = mkdtempSync(join(tmpdir(), "magenta-bridge-simulation-"));
  private readonly opened: OpenDevice[] = [];
  private readonly pump: NodeJS.Timeout;
  /** Speed of time relative to real time. */
  speed = 1;

  constructor(servers: Servers, world = new World()) {
    this.world = world;
    const hasNode = servers.node ?? (servers.grpc !== undefined || servers.http === undefined);
    if (!hasNode) world.node = null;
    world.nodeEnvironment = {
      MAGENTA_BRIDGE_PORT: servers.grpc?.split(":")[1] ?? NO_SERVER_PORT,
      MAGENTA_BRIDGE_RUN: join(this.folder, "run"),
      MAGENTA_BRIDGE_PROGRAM: servers.program ?? join(this.folder, "magenta-bridge"),
    };
    if (servers.http) {
      world.max.dicts.open("magenta_bridge_shared");
      world.max.dicts.write("magenta_bridge_shared", { http: servers.http });
    }
    let last = performance.now();
    this.pump = setInterval(() => {
      const now = performance.now();
      world.clock.advance((now - last) * this.speed);
      last = now;
    }, POLL);
  }

  track(name = "Keys"): SimTrack {
    return this.world.set.addTrack(name);
  }

  /**
   * Load a device on a track: a built one, or one at a path. `stored` is what the Set has saved of
   * it.
   */
  drag(track: SimTrack, name = BRIDGE, stored?: Stored): OpenDevice {
    const opened = openDevice(resolve(DEVICES, name), this.world, track, stored);
    this.opened.push(opened);
    return opened;
  }

  /** Wait until the condition holds; fail with the state of the devices after a timeout. */
  async until(what: string, look: () => boolean, timeout = TIMEOUT): Promise<void> {
    const end = performance.now() + timeout * 1000;
    while (!look()) {
      if (performance.now() > end) throw new Error(`Timeout: ${what}.\n${this.seen()}`);
      await new Promise((done) => setTimeout(done, POLL));
    }
  }

  /** Wait until the status line of a device matches. */
  status({ device }: OpenDevice, text: RegExp): Promise<void> {
    return this.until(`status ${text}`, () => text.test(device.text("status")));
  }

  /** Remove a device from the Set, and wait for the end of its process. */
  async remove(opened: OpenDevice): Promise<void> {
    opened.device.unload();
    await opened.node?.ended;
  }

  async close(): Promise<void> {
    for (const opened of this.opened) opened.device.unload();
    await Promise.all(this.opened.map((opened) => opened.node?.ended));
    clearInterval(this.pump);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private seen(): string {
    const statuses = this.opened.map(({ device, node }) =>
      [device.text("status"), ...(node?.dropped ?? [])].join("; "),
    );
    return [...statuses, ...this.world.complaints].join("\n");
  }
}

/** Return the clips of a track's slots, in order; null for an empty slot. */
export function clipsOf(track: SimTrack): (SimClip | null)[] {
  return track.slots.map((slot) => slot.clip);
}
