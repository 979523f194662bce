/**
 * Plays a scenario in the simulated Live, and prints what came of it as JSON: for tests in Python.
 *
 * `node --import tsx sim/press.ts SCENARIO`, where SCENARIO is JSON: `servers` as in `simulation.ts`, and
 * `steps`, each a list of a word and its arguments.
 */

import type { LiveNote } from "../core/host/live_port.ts";
import { SimClip } from "./live_clip.ts";
import type { SimTrack } from "./live_track.ts";
import type { Opened } from "./objects/open_device.ts";
import { type Servers, Simulation } from "./simulation.ts";

interface Scenario {
  servers: Servers;
  /** Path of the device; the built main device without it. */
  device?: string;
  /** Of the Set. */
  tempo?: number;
  steps: [string, ...unknown[]][];
}

interface Scene {
  simulation: Simulation;
  track: SimTrack;
  opened: Opened;
}

const clips = (track: SimTrack): SimClip[] =>
  track.slots.map(({ clip }) => clip).filter((clip): clip is SimClip => clip !== null);

/** What a musician does, by its word. */
const STEPS: Record<string, (scene: Scene, ...args: never[]) => void | Promise<void>> = {
  click: ({ opened }, id: string) => opened.device.click(id),
  turn: ({ opened }, id: string, value: number) => opened.device.turn(id, value),
  choose: ({ opened }, id: string, entry: string) => opened.device.choose(id, entry),
  /** Lets time go by so many times as fast as on the wall. */
  speed: ({ simulation }, times: number) => {
    simulation.speed = times;
  },
  /** Waits until the status says that. */
  status: ({ simulation, opened }, pattern: string) =>
    simulation.status(opened, new RegExp(pattern)),
  /** Waits until there are so many clips, and the work is done. */
  clips: ({ simulation, track, opened }, count: number) =>
    simulation.until(
      `${count} clips`,
      () => clips(track).length >= count && !opened.device.control("cancel").active,
    ),
  /** Puts a clip into a slot, and selects it. */
  place: ({ simulation, track }, slot: number, length: number, notes: LiveNote[]) => {
    const place = track.slots[slot];
    if (!place) throw new Error(`There is no slot ${slot}.`);
    simulation.world.set.view.detailClip = place.place(new SimClip(place, { length })).fill(notes);
  },
};

async function play({ servers, device, tempo, steps }: Scenario): Promise<object> {
  const simulation = new Simulation(servers);
  try {
    if (tempo !== undefined) simulation.world.set.write("tempo", tempo);
    const track = simulation.track();
    const scene: Scene = { simulation, track, opened: simulation.drag(track, device) };
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
      complaints: simulation.world.complaints,
    };
  } finally {
    await simulation.close();
  }
}

play(JSON.parse(process.argv[2] ?? "{}") as Scenario).then(
  (outcome) => process.stdout.write(`${JSON.stringify(outcome)}\n`),
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
