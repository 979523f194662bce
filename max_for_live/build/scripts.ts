/** The scripts of the devices, bundled from their sources. */

import type { Script } from "../patch/device.ts";
import { STANDINS } from "./standins.ts";

export const NODE_FILE = "magenta-bridge-node.js";

export interface Scripts {
  live: Script;
  roll: Script;
  generator: Script;
  transformation: Script;
  node: Script;
}

export async function bundleScripts(): Promise<Scripts> {
  const script = (name: string, source: string): Script => ({ name, source });
  return {
    live: script("live/main.ts", STANDINS.live),
    roll: script("live/roll.ts", STANDINS.roll),
    generator: script("live/generator_tool.ts", STANDINS.generator),
    transformation: script("live/transformation_tool.ts", STANDINS.transformation),
    node: script(NODE_FILE, STANDINS.node),
  };
}
