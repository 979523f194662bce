/**
 * Bundles the scripts for Max's v8: one text each, without modules.
 *
 * Max calls a script's functions by name, and only those at its top level, so each export of a
 * script becomes such a function.
 */

import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
/** In Max, a function of this name would take the word that stops a Task's object. */
const FORBIDDEN = new Set(["stop"]);

export const V8_SCRIPTS = {
  live: "live/main.ts",
  generator: "live/midi_tool/generator_tool.ts",
  transformation: "live/midi_tool/transformation_tool.ts",
  roll: "live/piano_roll.ts",
};

/**
 * Returns the text of one script.
 *
 * @param {keyof typeof V8_SCRIPTS} name
 * @returns {Promise<string>}
 */
export async function bundleV8(name) {
  const entry = join(ROOT, V8_SCRIPTS[name]);
  const result = await build({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    globalName: "magentaBridge",
    target: "es2020",
    platform: "neutral",
    charset: "ascii",
    legalComments: "none",
    // Max's `inlets` and `outlets` are set as globals, which a strict script may not do.
    tsconfigRaw: {},
    logLevel: "silent",
  });
  const [output] = Object.values(result.metafile.outputs);
  const names = output.exports.length > 0 ? output.exports : exportsOf(result.outputFiles[0].text);
  return `${result.outputFiles[0].text}${footer(names)}`;
}

/** esbuild lists the exports of an iife only in its text. */
function exportsOf(text) {
  const block = /__export\(\w+, \{([^}]*)\}\)/.exec(text)?.[1] ?? "";
  return [...block.matchAll(/(\w+): \(\) =>/g)].map((match) => match[1]).sort();
}

function footer(names) {
  const lines = ["inlets = magentaBridge.ports.inlets;", "outlets = magentaBridge.ports.outlets;"];
  for (const name of names.filter((one) => one !== "ports")) {
    if (FORBIDDEN.has(name)) throw new Error(`No message to a script may be called ${name}.`);
    lines.push(`function ${name}(...words) { return magentaBridge.${name}(...words); }`);
  }
  return `${lines.join("\n")}\n`;
}
