/** Bundles the scripts of the devices from their sources, and plans the devices with them. */

import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import type { DevicePlan, Script } from "../patch/device.ts";
import { type BridgeScripts, bridge } from "../patch/devices/bridge.ts";
import { generator, transformation } from "../patch/devices/midi_tools.ts";

const ROOT = join(import.meta.dirname, "..");
/** Max reserves the message `stop`: it stops a Task's object. */
const FORBIDDEN = new Set(["stop"]);

/** Scripts that run in Max's v8, by name. */
export const V8_SCRIPTS = {
  live: "live/main.ts",
  roll: "live/piano_roll.ts",
  generator: "live/midi_tool/generator_tool.ts",
  transformation: "live/midi_tool/transformation_tool.ts",
} as const;
export const NODE_FILE = "magenta-bridge-node.js";

export interface Scripts extends BridgeScripts {
  generator: Script;
  transformation: Script;
}

/** Return the plans of the three devices with the bundled scripts. */
export async function devicePlans(): Promise<DevicePlan[]> {
  const [live, roll, generator, transformation] = await Promise.all([
    v8Script("live"),
    v8Script("roll"),
    v8Script("generator"),
    v8Script("transformation"),
  ]);
  const node = { name: NODE_FILE, source: await bundleNode() };
  return plansOf({ live, roll, generator, transformation, node });
}

export function plansOf(scripts: Scripts): DevicePlan[] {
  return [bridge(scripts), generator(scripts.generator), transformation(scripts.transformation)];
}

/**
 * Return the script of node.script as CommonJS for Node 16, the oldest Node that Max ships.
 *
 * It resolves no module at run time except max-api: a frozen device has no node_modules folder.
 */
export async function bundleNode(): Promise<string> {
  return (await bundle(NODE_OPTIONS)).text;
}

const NODE_OPTIONS: BuildOptions = {
  entryPoints: ["node/main.ts"],
  platform: "node",
  target: "node16",
  format: "cjs",
  external: ["max-api"],
  minify: true,
  // Error messages contain class names.
  keepNames: true,
  charset: "utf8",
};

/** Return the source files of all scripts, as paths from the folder of package.json on. */
export async function bundledInputs(): Promise<string[]> {
  const names = Object.keys(V8_SCRIPTS) as (keyof typeof V8_SCRIPTS)[];
  const results = await Promise.all([NODE_OPTIONS, ...names.map(v8Options)].map(bundle));
  return [...new Set(results.flatMap((each) => each.inputs))].sort();
}

/**
 * Return one script for Max's v8 as a single text without modules.
 *
 * Max calls only top-level functions, by name, so each export becomes a top-level function.
 */
export async function bundleV8(name: keyof typeof V8_SCRIPTS): Promise<string> {
  const { text, exports } = await bundle(v8Options(name));
  return `${text}${footer(exports.length > 0 ? exports : exportsIn(text))}`;
}

function v8Options(name: keyof typeof V8_SCRIPTS): BuildOptions {
  return {
    entryPoints: [join(ROOT, V8_SCRIPTS[name])],
    format: "iife",
    globalName: "magentaBridge",
    target: "es2020",
    platform: "neutral",
    charset: "ascii",
    // The scripts set Max's globals `inlets` and `outlets`, which strict mode forbids.
    tsconfigRaw: {},
  };
}

interface Bundle {
  text: string;
  exports: string[];
  inputs: string[];
}

async function v8Script(name: keyof typeof V8_SCRIPTS): Promise<Script> {
  return { name: V8_SCRIPTS[name], source: await bundleV8(name) };
}

async function bundle(options: BuildOptions): Promise<Bundle> {
  const result = await build({
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    legalComments: "none",
    logLevel: "silent",
    ...options,
  });
  const [output] = Object.values(result.metafile?.outputs ?? {});
  return {
    text: result.outputFiles?.[0]?.text ?? "",
    exports: output?.exports ?? [],
    inputs: Object.keys(result.metafile?.inputs ?? {}),
  };
}

/** esbuild lists the exports of an iife only in its text. */
function exportsIn(text: string): string[] {
  const block = /__export\(\w+, \{([^}]*)\}\)/.exec(text)?.[1] ?? "";
  return [...block.matchAll(/(\w+): \(\) =>/g)].map((match) => String(match[1])).sort();
}

function footer(names: string[]): string {
  const lines = ["inlets = magentaBridge.ports.inlets;", "outlets = magentaBridge.ports.outlets;"];
  for (const name of names.filter((one) => one !== "ports")) {
    if (FORBIDDEN.has(name)) throw new Error(`A script must not export ${name}; rename it.`);
    lines.push(`function ${name}(...words) { return magentaBridge.${name}(...words); }`);
  }
  return `${lines.join("\n")}\n`;
}
