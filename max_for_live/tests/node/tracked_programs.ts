/** Wrappers of the program that record each process; none may be left at the end of a file. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { isAlive } from "../../node/shared_state_folder.ts";
import { MELODY, PROGRAM, until } from "../server.ts";

/** Seconds in which a server ends after SIGTERM. */
const TIMEOUT = 20;

/** Temporary files of this test file. */
export const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-test-"));
const pids = join(folder, "pids");
appendFileSync(pids, "");

/** Serves one generator, to start faster. */
export const quick = program("magenta-bridge-quick", `--bundle "${MELODY}"`);

/** Return the PIDs of the servers that these programs have started. */
export function started(): number[] {
  return readFileSync(pids, "utf8").split("\n").filter(Boolean).map(Number);
}

/** Return the path of the program under another name, with more arguments. */
export function program(name: string, args = ""): string {
  return script(name, `echo $$ >> "${pids}"\nexec "${PROGRAM}" "$@" ${args}`);
}

/** Write a shell script to the temporary folder, and return its path. */
export function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

after(async () => {
  await until("all servers end", () => !started().some(isAlive), TIMEOUT).catch(() => {});
  const left = started().filter(isAlive);
  for (const pid of left) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(left, [], "servers that are still running");
});
