/**
 * A Live with devices in it, whose time goes by as on the wall, or faster.
 *
 * Tests and `press.ts` drag devices in, click, and wait for what can be seen or heard.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { SimClip } from "./live_clip.ts";
import type { SimTrack } from "./live_track.ts";
import { type Stored, World } from "./objects/device.ts";
import { type Opened, openDevice } from "./objects/open_device.ts";

/** Where the built devices are. */
export const DEVICES = fileURLToPath(new URL("../dist", import.meta.url));
export const BRIDGE = "Magenta Bridge.amxd";

/** Milliseconds between looks, on the wall. */
const LOOK = 4;
/** Seconds on the wall until something that was waited for counts as missing. */
const PATIENCE = 15;
/** Nobody listens there: a server of whoever runs the tests is left alone. */
const NOBODY = "9";

export interface Servers {
  /** HOST:PORT of the server that runs, as if it were at the usual port. */
  grpc?: string;
  /** URL of the server's HTTP port, as another device would have told it. */
  http?: string;
  /** The program with which the device starts a server; none where it is not installed. */
  program?: string;
  /** False for a Max whose Node does not start; as it is where only the HTTP port is known. */
  node?: boolean;
}

export class Simulation {
  readonly world: World;
  readonly #folder = mkdtempSync(join(tmpdir(), "magenta-bridge-simulation-"));
  readonly #opened: Opened[] = [];
  readonly #pump: NodeJS.Timeout;
  /** How much faster than on the wall time goes by. */
  speed = 1;

  constructor(servers: Servers, world = new World()) {
    this.world = world;
    const hasNode = servers.node ?? (servers.grpc !== undefined || servers.http === undefined);
    if (!hasNode) world.node = null;
    world.nodeEnvironment = {
      MAGENTA_BRIDGE_PORT: servers.grpc?.split(":")[1] ?? NOBODY,
      MAGENTA_BRIDGE_RUN: join(this.#folder, "run"),
      MAGENTA_BRIDGE_PROGRAM: servers.program ?? join(this.#folder, "magenta-bridge"),
    };
    if (servers.http) {
      world.max.dicts.open("magenta_bridge_shared");
      world.max.dicts.write("magenta_bridge_shared", { http: servers.http });
    }
    let last = performance.now();
    this.#pump = setInterval(() => {
      const now = performance.now();
      world.clock.advance((now - last) * this.speed);
      last = now;
    }, LOOK);
  }

  /** A folder of this simulation, gone with it. */
  get folder(): string {
    return this.#folder;
  }

  track(name = "Keys"): SimTrack {
    return this.world.set.addTrack(name);
  }

  /**
   * Drags a device onto a track: one of the built ones, or one at a path. `stored` is what the Set
   * has kept of it.
   */
  drag(track: SimTrack, name = BRIDGE, stored?: Stored): Opened {
    const opened = openDevice(resolve(DEVICES, name), this.world, track, stored);
    this.#opened.push(opened);
    return opened;
  }

  /** Settles once a look says so; fails with what the devices show when it never does. */
  async until(what: string, look: () => boolean, patience = PATIENCE): Promise<void> {
    const end = performance.now() + patience * 1000;
    while (!look()) {
      if (performance.now() > end) throw new Error(`Not seen: ${what}.\n${this.#seen()}`);
      await new Promise((done) => setTimeout(done, LOOK));
    }
  }

  /** Settles once the status of a device shows such a text. */
  status({ device }: Opened, text: RegExp): Promise<void> {
    return this.until(`status ${text}`, () => text.test(device.text("status")));
  }

  /** Takes a device out of the Set, and waits until nothing of it is left. */
  async remove(opened: Opened): Promise<void> {
    opened.device.unload();
    await opened.node?.ended;
  }

  /** Closes the Set. */
  async close(): Promise<void> {
    for (const opened of this.#opened) opened.device.unload();
    await Promise.all(this.#opened.map((opened) => opened.node?.ended));
    clearInterval(this.#pump);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #seen(): string {
    const strips = this.#opened.map(({ device, node }) =>
      [device.text("status"), ...(node?.dropped ?? [])].join("; "),
    );
    return [...strips, ...this.world.complaints].join("\n");
  }
}

/** The clips of a track's slots, in order; null for an empty slot. */
export function clipsOf(track: SimTrack): (SimClip | null)[] {
  return track.slots.map((slot) => slot.clip);
}
