/** Devices' Node halves for tests; those that a test leaves behind are ended after it. */

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";

import { builtBundle, MELODY, NodeHalf, type NodeHalfOptions, PROGRAM } from "./node_half.ts";

let bundle: string;
/** The program, so that it serves one generator. */
let quick: string;
const halves: NodeHalf[] = [];

export const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-test-"));

before(async () => {
  bundle = await builtBundle();
  quick = script("magenta-bridge-quick", `exec "${PROGRAM}" "$@" --bundle "${MELODY}"`);
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const half of halves.splice(0)) {
    await half.stop();
    assert.deepEqual(half.complaints, []);
  }
});

export async function device(options: Partial<NodeHalfOptions> = {}): Promise<NodeHalf> {
  const half = rawDevice(options);
  await half.heard(["ready", 1]);
  return half;
}

/** Not waited for. */
export function rawDevice(options: Partial<NodeHalfOptions> = {}): NodeHalf {
  const env = { MAGENTA_BRIDGE_PROGRAM: quick, ...options.env };
  const half = new NodeHalf({ bundle, ...options, env });
  halves.push(half);
  return half;
}

/** The server that a device has started tells its process in the folder that devices share. */
export function serverOf(half: NodeHalf): { grpc: string; pid: number } {
  return JSON.parse(readFileSync(join(half.run, "server.json"), "utf8"));
}

/** Observes until it is so; the test's own limit ends it where that never comes. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 20));
}

/** A shell script among the test's files. */
export function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}
