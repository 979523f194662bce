/** The notices of the packages that the scripts contain, as their licenses require. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BuiltFile } from "../patch/freeze.ts";
import { bundledInputs } from "./scripts.ts";

const ROOT = join(import.meta.dirname, "..");
const NAME = "THIRD_PARTY_NOTICES.txt";
const HEAD = `The devices contain code of the following packages. Each is named with its version
and its license, followed by the text of the license.
`;

interface Manifest {
  version: string;
  license: string;
}

/** Return the file of notices, packages in alphabetical order. */
export async function noticesFile(): Promise<BuiltFile> {
  const packages = packagesOf(await bundledInputs());
  return { name: NAME, bytes: Buffer.from([HEAD, ...packages.map(notice)].join("\n"), "utf8") };
}

/** Return the packages of bundled files, by their paths from the folder of package.json on. */
export function packagesOf(inputs: readonly string[]): string[] {
  const names = inputs.flatMap((input) => {
    const match = /^.*node_modules\/(@[^/]+\/[^/]+|[^/]+)\//.exec(input);
    return match ? [match[0].slice(0, -1)] : [];
  });
  return [...new Set(names)].sort();
}

function notice(path: string): string {
  const folder = join(ROOT, path);
  const { version, license } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Manifest;
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").replace(/\r\n/g, "\n").trim());
  if (texts.length === 0) {
    throw new Error(`${path} has no license file; add its text, or bundle another package.`);
  }
  const name = path.replace(/^.*node_modules\//, "");
  const line = `${name} ${version} (${license})`;
  return `${"-".repeat(78)}\n${line}\n\n${texts.join("\n\n")}\n`;
}
