/** The program in a cloak that notes each process: at the end of a file none of them may be left. */

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
import { MELODY, PROGRAM } from "./node_half.ts";

/** Seconds in which a server that was asked to end has ended. */
const PATIENCE = 20;

/** Files of this test file's own. */
export const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-test-"));
const notes = join(folder, "started");
appendFileSync(notes, "");

/** The program, so that it serves one generator. */
export const quick = program("magenta-bridge-quick", `--bundle "${MELODY}"`);

/** Processes of servers that were started by these programs. */
export function started(): number[] {
  return readFileSync(notes, "utf8").split("\n").filter(Boolean).map(Number);
}

/** The program under another name, perhaps with further words. */
export function program(name: string, words = ""): string {
  return script(name, `echo $$ >> "${notes}"\nexec "${PROGRAM}" "$@" ${words}`);
}

/** A shell script among the test's files. */
export function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Observes until it is so; the test's own limit ends it where that never comes. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 20));
}

after(async () => {
  const end = performance.now() + PATIENCE * 1000;
  await until(() => !started().some(isAlive) || performance.now() > end);
  const left = started().filter(isAlive);
  for (const pid of left) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
  assert.deepEqual(left, [], "servers that were left behind");
});
