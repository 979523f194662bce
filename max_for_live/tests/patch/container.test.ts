import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ArchiveFile,
  FLAGS,
  patchBytes,
  readDevice,
  readPatch,
  typeNumber,
  writeFrozen,
  writeUnfrozen,
} from "../../patch/container.ts";
import { takeApart } from "./reader.ts";

const hex = (...parts: string[]): string => parts.join("").replace(/\s/g, "");

/** Written by hand from the description of the format. */
const UNFROZEN = hex(
  "616d7066 04000000 6e616767",
  "6d657461 04000000 01000000",
  "70746368 04000000 7b7d 0a 00",
);

const FROZEN = hex(
  "616d7066 04000000 6d6d6d6d",
  "6d657461 04000000 07000000",
  "70746368 e2000000",
  "6d784063 00000010 000000000000001a",
  "7b7d0a00",
  "706f73742829",
  "646c7374 000000c8",
  "64697265 00000060",
  "74797065 0000000c 4a534f4e",
  "666e616d 00000010 612e616d78640000",
  "737a3332 0000000c 00000004",
  "6f663332 0000000c 00000010",
  "76657273 0000000c 00000000",
  "666c6167 0000000c 00000011",
  "6d646174 0000000c e57b6980",
  "64697265 00000060",
  "74797065 0000000c 54455854",
  "666e616d 00000010 6e6f64652e6a7300",
  "737a3332 0000000c 00000006",
  "6f663332 0000000c 00000014",
  "76657273 0000000c 00000000",
  "666c6167 0000000c 00000008",
  "6d646174 0000000c e57b6980",
);

const FILES: ArchiveFile[] = [
  { name: "a.amxd", type: "JSON", data: Buffer.from("{}\n\0"), flag: FLAGS.device },
  { name: "node.js", type: "TEXT", data: Buffer.from("post()"), flag: FLAGS.onDisk },
];

test("an unfrozen device has the format of Live's own: little-endian sizes, newline and NUL", () => {
  const bytes = writeUnfrozen("nagg", patchBytes({}));
  assert.equal(bytes.toString("hex"), UNFROZEN);
});

test("a frozen device has the format of Max's archive: big-endian sizes with their header", () => {
  assert.equal(writeFrozen("mmmm", FILES).toString("hex"), FROZEN);
});

test("an independent parser finds every file at its offset, for any length of name", () => {
  const names = ["a", "ab", "abc", "abcd", "a name with spaces – and more.js"];
  const files = names.map(
    (name, index): ArchiveFile => ({
      name,
      type: index === 0 ? "JSON" : "TEXT",
      data: Buffer.from(name.repeat(index + 1)),
      flag: index === 0 ? FLAGS.device : FLAGS.embedded,
    }),
  );
  const { chunks, archive } = takeApart(writeFrozen("natt", files));
  assert.deepEqual(
    chunks.map(([tag]) => tag),
    ["ampf", "meta", "ptch"],
  );
  assert.ok(archive);
  assert.equal(archive.headerSize, 16);
  assert.equal(archive.footer + archive.directorySize, chunks[2]?.[1].length);
  let offset = 16;
  archive.entries.forEach((entry, index) => {
    const file = files[index] as ArchiveFile;
    assert.equal(entry.name.replace(/\0+$/, ""), file.name);
    assert.equal(Buffer.byteLength(entry.name) % 4, 0);
    assert.ok(entry.name.endsWith("\0"));
    assert.deepEqual([entry.offset, entry.size, entry.version], [offset, file.data.length, 0]);
    assert.equal(Buffer.compare(entry.data, file.data), 0);
    offset += entry.size;
  });
});

test("reading and writing a device gives the same bytes", () => {
  const bytes = writeFrozen("mmmm", FILES);
  const device = readDevice(bytes);
  assert.deepEqual([device.type, device.frozen], ["mmmm", true]);
  assert.equal(Buffer.compare(writeFrozen(device.type, device.files), bytes), 0);
  assert.deepEqual(readPatch(device), {});
});

test("the project's number encodes the letters of the type", () => {
  assert.deepEqual(
    [typeNumber("mmmm"), typeNumber("nagg"), typeNumber("natt")],
    [1835887981, 1851877223, 1851880564],
  );
});

const BROKEN: [string, Buffer, RegExp][] = [
  ["cut short", Buffer.from(UNFROZEN, "hex").subarray(0, 34), /past the end of the file/],
  [
    "with stray bytes",
    Buffer.concat([Buffer.from(UNFROZEN, "hex"), Buffer.from("abc")]),
    /3 stray/,
  ],
  [
    "of an unknown type",
    Buffer.from(UNFROZEN.replace("6e616767", "61626364"), "hex"),
    /"abcd" is not/,
  ],
  [
    "with a wrong offset of the directory",
    Buffer.from(FROZEN.replace("000000000000001a", "000000000000001b"), "hex"),
    /no directory at 27/,
  ],
];

for (const [what, bytes, message] of BROKEN) {
  test(`a file ${what} is refused`, () => {
    assert.throws(() => readDevice(bytes), message);
  });
}
