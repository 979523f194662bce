/** The three devices with their real scripts. */

import type { DevicePlan } from "../patch/device.ts";
import { bridge } from "../patch/devices/bridge.ts";
import { generator } from "../patch/devices/generator.ts";
import { transformation } from "../patch/devices/transformation.ts";
import type { Scripts } from "./scripts.ts";

export function plans(scripts: Scripts): DevicePlan[] {
  return [bridge(scripts), generator(scripts.generator), transformation(scripts.transformation)];
}
