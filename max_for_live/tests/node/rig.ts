/** Devices' Node halves for tests; those that a test leaves behind are ended after it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, before } from "node:test";

import type { SharedServer } from "../../node/shared_state_folder.ts";
import { builtBundle, NodeHalf, type NodeHalfOptions } from "./node_half.ts";
import { quick } from "./started.ts";

let bundle: string;
const halves: NodeHalf[] = [];

before(async () => {
  bundle = await builtBundle();
});
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
export function serverOf(half: NodeHalf): SharedServer {
  return JSON.parse(readFileSync(join(half.run, "server.json"), "utf8"));
}
