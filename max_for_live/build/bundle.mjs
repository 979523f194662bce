// Writes the Node half as one file: dist/magenta-bridge-node.js, for node.script.
//
// CommonJS for Node 16, for that runs in every Node that Max has carried, and with nothing to
// look up but Max's own module: a frozen device has no folder node_modules.

import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

export const NODE_BUNDLE = "magenta-bridge-node.js";

export async function bundleNode(outdir = `${root}dist`) {
  await build({
    absWorkingDir: root,
    entryPoints: ["node/main.ts"],
    outfile: `${outdir}/${NODE_BUNDLE}`,
    bundle: true,
    platform: "node",
    target: "node16",
    format: "cjs",
    external: ["max-api"],
    minify: true,
    // Names of classes are in messages of errors.
    keepNames: true,
    legalComments: "none",
    charset: "utf8",
    logLevel: "warning",
  });
  return `${outdir}/${NODE_BUNDLE}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleNode(process.argv[2]);
