/** The devices with stub scripts, so that these tests need no bundler. */

import { NODE_FILE, plansOf } from "../../build/scripts.ts";
import type { DevicePlan } from "../../patch/device.ts";

/** Return a script with empty handlers. */
function stub(name: string, inlets: number, outlets: number, handlers: string) {
  const functions = handlers.split(" ").map((handler) => `function ${handler}() {}`);
  const source = [`inlets = ${inlets};`, `outlets = ${outlets};`, ...functions, ""].join("\n");
  return { name, source };
}

const TOOL = "live_ready closing control notes dictionary";

export function stubPlans(): DevicePlan[] {
  const handlers = "live_ready enabled closing control node node_status note_in";
  const roll = ["mgraphics.init();", "function roll() {}", "function paint() {}", ""];
  return plansOf({
    live: stub("main", 1, 6, `${handlers} picked roll_clicked`),
    roll: { name: "roll", source: roll.join("\n") },
    generator: stub("generator", 2, 3, TOOL),
    transformation: stub("transformation", 2, 3, TOOL),
    node: { name: NODE_FILE, source: 'require("max-api").outlet("ready", 1, process.version);\n' },
  });
}

export function planOf(name: string): DevicePlan {
  const found = stubPlans().find((plan) => plan.name === name);
  if (!found) throw new Error(`There is no device ${name}.`);
  return found;
}
