/** The scripts of the devices, bundled from their sources. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Script } from "../patch/device.ts";
import { STANDINS } from "./standins.ts";

const ROOT = join(import.meta.dirname, "..");
export const NODE_FILE = "magenta-bridge-node.js";

export interface Scripts {
  /** The main device's half in v8. */
  live: Script;
  /** The drawing of its piano roll. */
  roll: Script;
  generator: Script;
  transformation: Script;
  /** The main device's half in Node. */
  node: Script;
}

const SOURCES = {
  live: "live/main.ts",
  roll: "live/piano_roll.ts",
  generator: "live/midi_tool/generator_tool.ts",
  transformation: "live/midi_tool/transformation_tool.ts",
  node: "node/main.ts",
} as const;

export async function bundleScripts(): Promise<Scripts> {
  const [live, roll, generator, transformation] = await Promise.all([
    v8Script("live"),
    v8Script("roll"),
    v8Script("generator"),
    v8Script("transformation"),
  ]);
  return { live, roll, generator, transformation, node: await nodeScript() };
}

async function v8Script(name: Exclude<keyof Scripts, "node">): Promise<Script> {
  if (!existsSync(join(ROOT, SOURCES[name]))) {
    return { name: SOURCES[name], source: STANDINS[name] };
  }
  const { bundleV8 } = await import("./v8.mjs");
  return { name: SOURCES[name], source: await bundleV8(name) };
}

async function nodeScript(): Promise<Script> {
  if (!existsSync(join(ROOT, SOURCES.node))) {
    return { name: NODE_FILE, source: STANDINS.node };
  }
  const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-"));
  const { bundleNode } = await import("./bundle.mjs");
  const source = readFileSync(await bundleNode(folder), "utf8");
  rmSync(folder, { recursive: true });
  return { name: NODE_FILE, source };
}
