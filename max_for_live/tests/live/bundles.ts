/** The scripts as they are shipped, bundled once for each test file. */

import { bundleV8, type V8_SCRIPTS } from "../../build/v8.mjs";

type Name = keyof typeof V8_SCRIPTS;
const texts = new Map<Name, Promise<string>>();

export function script(name: Name): Promise<string> {
  const known = texts.get(name) ?? bundleV8(name);
  texts.set(name, known);
  return known;
}
