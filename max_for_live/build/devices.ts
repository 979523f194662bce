/** Writes dist/ and renders/: `npm run build`. The same sources give the same bytes. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildAll } from "./outputs.ts";

const ROOT = join(import.meta.dirname, "..");

async function main(): Promise<void> {
  const outputs = await buildAll();
  for (const folder of ["dist", "renders"]) {
    rmSync(join(ROOT, folder), { recursive: true, force: true });
  }
  for (const { name, bytes } of outputs) {
    const path = join(ROOT, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    process.stdout.write(`${name}: ${bytes.length} bytes\n`);
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
