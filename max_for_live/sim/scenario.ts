/**
 * Plays a scenario in the simulated Live, and prints the result as JSON, for tests in Python.
 *
 * `node --import tsx sim/scenario.ts SCENARIO`, where SCENARIO is JSON: `servers` as in `sim.ts`,
 * and `steps`, each a list of a word and its arguments.
 */

import type { LiveNote } from "../core/host/live_port.ts";
import { SimClip } from "./live_clip.ts";
import type { SimTrack } from "./live_track.ts";
import type { OpenDevice } from "./objects/open_device.ts";
import { type Servers, Simulation } from "./simulation.ts";

interface Scenario {
  servers: Servers;
  /** Path of the device; by default the built main device. */
  device?: string;
  /** Quarter notes per minute. */
  tempo?: number;
  steps: [string, ...unknown[]][];
}

interface Scene {
  sim: Simulation;
  track: SimTrack;
  opened: OpenDevice;
}

const clips = (track: SimTrack): SimClip[] =>
  track.slots.map(({ clip }) => clip).filter((clip): clip is SimClip => clip !== null);

/** User actions, by word. */
const STEPS: Record<string, (scene: Scene, ...args: never[]) => void | Promise<void>> = {
  click: ({ opened }, id: string) => opened.device.click(id),
  turn: ({ opened }, id: string, value: number) => opened.device.turn(id, value),
  choose: ({ opened }, id: string, entry: string) => opened.device.choose(id, entry),
  /** Set the speed of time. */
  speed: ({ sim }, times: number) => {
    sim.speed = times;
  },
  /** Wait for a status. */
  status: ({ sim, opened }, pattern: string) => sim.status(opened, new RegExp(pattern)),
  /** Wait until there are that many clips and generation has ended. */
  clips: ({ sim, track, opened }, count: number) =>
    sim.until(
      `${count} clips`,
      () => clips(track).length >= count && !opened.device.control("cancel").active,
    ),
  /** Put a clip into a slot, and select it. */
  place: ({ sim, track }, slot: number, length: number, notes: LiveNote[]) => {
    const place = track.slots[slot];
    if (!place) throw new Error(`There is no slot ${slot}.`);
    sim.world.set.view.detailClip = place.place(new SimClip(place, { length })).fill(notes);
  },
};

async function play({ servers, device, tempo, steps }: Scenario): Promise<object> {
  const sim = new Simulation(servers);
  try {
    if (tempo !== undefined) sim.world.set.write("tempo", tempo);
    const track = sim.track();
    const scene: Scene = { sim, track, opened: sim.drag(track, device) };
    for (const [word, ...args] of steps) {
      const step = STEPS[word];
      if (!step) throw new Error(`There is no step ${word}.`);
      await step(scene, ...(args as never[]));
    }
    const shown = scene.opened.device;
    return {
      clips: clips(track).map((clip) => ({
        name: clip.read("name")?.join(" ") ?? "",
        length: clip.number("length"),
        notes: clip.notes,
      })),
      status: shown.text("status"),
      path: shown.text("path"),
      complaints: sim.world.complaints,
    };
  } finally {
    await sim.close();
  }
}

play(JSON.parse(process.argv[2] ?? "{}") as Scenario).then(
  (outcome) => process.stdout.write(`${JSON.stringify(outcome)}\n`),
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
