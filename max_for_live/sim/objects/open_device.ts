/** Loads a built device from its file, on a track of the simulated Live. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Device, readDevice, readPatch } from "../../patch/container.ts";
import type { SimTrack } from "../live_track.ts";
import { SimulatedDevice, type Stored, type World } from "./device.ts";
import { MidiToolIn, MidiToolOut, ToolPort } from "./midi_tool.ts";
import { NodeScript } from "./node_script.ts";
import type { BoxContext, MaxObject } from "./object.ts";
import type { PatcherFile } from "./patch.ts";
import { CodeBox, Drawing } from "./scripts.ts";

export interface OpenDevice {
  device: SimulatedDevice;
  /** Its node.script; null if the patch has none. */
  node: NodeScript | null;
  /** Live's side of a MIDI Tool. */
  tool: ToolPort;
}

/** Load a device on a track, with the values that the Set has saved. */
export function openDevice(
  path: string,
  world: World,
  track: SimTrack,
  stored?: Stored,
): OpenDevice {
  const file = readDevice(readFileSync(path));
  const liveContext = { device: world.set.addDevice(track), isReady: false };
  const tool = new ToolPort();
  let node: NodeScript | null = null;
  const extra = (name: string, context: BoxContext): MaxObject | undefined => {
    if (name === "v8.codebox") {
      return new CodeBox(context, world, {
        device: liveContext.device,
        ready: () => liveContext.isReady,
      });
    }
    if (name === "v8ui") return new Drawing(context, world);
    if (name === "live.miditool.in") return new MidiToolIn(context, tool);
    if (name === "live.miditool.out") return new MidiToolOut(tool);
    if (name !== "node.script") return undefined;
    node = new NodeScript(context, world, scriptOf(file, path, String(context.args[0])));
    return node;
  };
  const device = new SimulatedDevice(readPatch(file) as unknown as PatcherFile, world, extra);
  liveContext.isReady = true;
  device.load(stored);
  return { device, node, tool };
}

/** Return the script in the device, or next to it in the folder form. */
function scriptOf(file: Device, path: string, name: string): string {
  const frozen = file.files.find((one) => one.name === name);
  if (frozen) return frozen.data.toString("utf8");
  const beside = join(dirname(path), name);
  if (!existsSync(beside)) throw new Error(`The file ${name} is neither in ${path} nor beside it.`);
  return readFileSync(beside, "utf8");
}
