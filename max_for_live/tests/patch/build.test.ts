import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildAll } from "../../build/outputs.ts";
import { takeApart } from "./reader.ts";

const ROOT = join(__dirname, "..", "..");
const outputs = buildAll();

/** Files below a folder, with the folder's name in front. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );
}

test("the devices and pictures that are committed are those of the sources", async () => {
  const stale = (await outputs)
    .filter(({ name, bytes }) => !bytes.equals(readFileSync(join(ROOT, name))))
    .map(({ name }) => name);
  assert.deepEqual(stale, [], "run make devices");
});

test("nothing else lies beside them", async () => {
  const names = (await outputs).map(({ name }) => name).sort();
  assert.deepEqual([...filesBelow("dist"), ...filesBelow("renders")].sort(), names);
});

test("another reader finds the main device's two files, the script to be put on disk", () => {
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

test("pictures are twice as large as Live shows the device", async () => {
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

test("no word in the devices tells where they were built", async () => {
  for (const { name, bytes } of await outputs) {
    assert.ok(!bytes.includes(Buffer.from(ROOT)), name);
  }
});
