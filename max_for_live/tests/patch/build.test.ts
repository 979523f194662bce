import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildAll } from "../../build/outputs.ts";
import { takeApart } from "./reader.ts";

const ROOT = join(__dirname, "..", "..");
const outputs = buildAll();

/** Return the files below a folder, with the folder's name. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );
}

test("the committed devices and pictures are up to date", async () => {
  const stale = (await outputs)
    .filter(({ name, bytes }) => !bytes.equals(readFileSync(join(ROOT, name))))
    .map(({ name }) => name);
  assert.deepEqual(stale, [], "run make devices");
});

test("there are no other files", async () => {
  const names = (await outputs).map(({ name }) => name).sort();
  assert.deepEqual([...filesBelow("dist"), ...filesBelow("renders")].sort(), names);
});

test("an independent parser finds the main device's two files", () => {
  const { archive } = takeApart(readFileSync(join(ROOT, "dist", "Magenta Bridge.amxd")));
  const entries = archive?.entries.map(({ name, type, flag }) => [
    name.replace(/\0+$/, ""),
    type,
    flag,
  ]);
  assert.deepEqual(entries, [
    ["Magenta Bridge.amxd", "JSON", 0x11],
    ["magenta-bridge-node.js", "TEXT", 0x08],
  ]);
});

test("pictures have twice the size of the device in Live", async () => {
  for (const { name, bytes } of (await outputs).filter((one) => one.name.endsWith(".png"))) {
    const svg = readFileSync(join(ROOT, name.replace(/png$/, "svg")), "utf8");
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
    assert.deepEqual(
      [bytes.readUInt32BE(16), bytes.readUInt32BE(20)],
      [2 * Number(width), 2 * Number(height)],
      name,
    );
  }
});

test("the devices do not contain the path of the build", async () => {
  for (const { name, bytes } of await outputs) assert.ok(!bytes.includes(Buffer.from(ROOT)), name);
});
