/**
 * Time in tests: Max's clock goes on while nobody waits for the server, and stands while somebody
 * does. So nothing depends on how fast the computer is.
 */

import assert from "node:assert/strict";
import type { MaxWorld } from "../../sim/v8_host.ts";

/** Seconds of real time; the server writes its music in them. */
const PATIENCE = 20;
/** Milliseconds of Max's time. */
const STEP = 10;

export async function until(
  world: MaxWorld,
  seen: () => boolean,
  complaint: () => string,
): Promise<void> {
  const end = Date.now() + PATIENCE * 1000;
  while (!seen()) {
    if (Date.now() > end) assert.fail(`${complaint()}; ${world.traffic.inFlight} requests wait`);
    if (world.traffic.inFlight === 0) world.clock.advance(STEP);
    await new Promise((resolve) => setTimeout(resolve, world.traffic.inFlight === 0 ? 0 : 2));
  }
}
