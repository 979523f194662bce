/** Writes dist/ and renders/: `npm run build`. The same sources give the same bytes. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuiltFile } from "../patch/freeze.ts";
import { buildAll } from "./outputs.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

async function main(): Promise<void> {
  const outputs = await buildAll();
  for (const folder of ["dist", "renders"]) {
    rmSync(join(ROOT, folder), { recursive: true, force: true });
  }
  outputs.forEach(write);
  process.stdout.write(
    `${outputs.map(({ name, bytes }) => `${name}: ${bytes.length} bytes`).join("\n")}\n`,
  );
}

function write(file: BuiltFile): void {
  const path = join(ROOT, file.name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.bytes);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
