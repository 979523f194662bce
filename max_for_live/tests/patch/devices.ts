/** The devices with stand-in scripts, so that these tests do not wait for the bundler. */

import { plans } from "../../build/plans.ts";
import { STANDINS } from "../../build/standins.ts";
import type { DevicePlan } from "../../patch/device.ts";

const script = (name: string, source: string) => ({ name, source });

export function standinPlans(): DevicePlan[] {
  return plans({
    live: script("main", STANDINS.live),
    roll: script("roll", STANDINS.roll),
    generator: script("generator", STANDINS.generator),
    transformation: script("transformation", STANDINS.transformation),
    node: script("magenta-bridge-node.js", STANDINS.node),
  });
}

export function planOf(name: string): DevicePlan {
  const found = standinPlans().find((plan) => plan.name === name);
  if (!found) throw new Error(`no device is called ${name}`);
  return found;
}
