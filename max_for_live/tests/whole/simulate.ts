/** Runs tests on a simulation in which nothing is written to Max's window. */

import assert from "node:assert/strict";
import type { World } from "../../sim/objects/device.ts";
import type { OpenDevice } from "../../sim/objects/open_device.ts";
import { clipsOf, type Servers, Simulation } from "../../sim/simulation.ts";

export async function simulate(
  servers: Servers,
  act: (sim: Simulation) => Promise<void>,
  world?: World,
): Promise<void> {
  const sim = new Simulation(servers, world);
  try {
    await act(sim);
  } finally {
    await sim.close();
  }
  assert.deepEqual(sim.world.complaints, []);
}

/** Generate one bar, and return the first clip of the first track. */
export async function firstClip(sim: Simulation, { device }: OpenDevice) {
  const [track] = sim.world.set.tracks;
  assert.ok(track);
  device.turn("bars", 1);
  device.turn("variations", 1);
  device.click("go");
  await sim.until("a clip", () => clipsOf(track).some(Boolean));
  return clipsOf(track).find((clip) => clip !== null);
}
