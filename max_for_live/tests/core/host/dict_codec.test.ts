import assert from "node:assert/strict";
import { test } from "node:test";

import { type DictObject, type DictValue, decode, encode } from "../../../core/host/dict_codec.ts";

/** Change a value as a dictionary may: lists of one, booleans and numeric strings. */
function spoil(value: DictValue): DictValue {
  if (Array.isArray(value)) {
    return value.length === 1 ? spoil(value[0] as DictValue) : value.map(spoil);
  }
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string" && value !== "" && !Number.isNaN(Number(value))) {
    return Number(value);
  }
  if (typeof value === "number") return Number(value.toPrecision(6)) === value ? value : cut(value);
  if (typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, item]) => !isEmpty(item));
  return Object.fromEntries(kept.map(([key, item]) => [key, spoil(item)]));
}

/** Keep integers, and round fractions to six decimals. */
function cut(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toFixed(6));
}

function isEmpty(value: DictValue): boolean {
  return typeof value === "object" && Object.keys(value).length === 0;
}

function note(index: number) {
  return { pitch: index % 128, startTime: index / 3, endTime: (index + 1) / 3 };
}

const VALUES: Record<string, unknown> = {
  "nothing in a list": { notes: [] },
  "one number": [7],
  "one text": ["seven"],
  "two lists": [[1], [2, 3], []],
  "one row": { notes: [{ pitch: 60 }] },
  "rows with holes": [{ pitch: 60 }, {}, { velocity: 1, pitch: 0, isDrum: true }],
  "only empty rows": [{}, {}, {}],
  "empty objects": { primer: {}, list: [{ deep: {} }] },
  "texts like numbers": { seed: "7", text: "", marked: "~=x", list: ["1", "~", "a b"] },
  "truth and nothing": { yes: true, no: false, none: null, list: [true, false, null] },
  "odd keys": { "#": 1, "#x": [1], "~": "y", "a::b": 2 },
  "long numbers": { third: 1 / 3, big: 2 ** 53, tiny: 5e-324, list: [1 / 3, 1e300, "x", 2 ** 31] },
  "5,000 notes": { notes: Array.from({ length: 5000 }, (_, index) => note(index)) },
  "4,097 numbers": Array.from({ length: 4097 }, (_, index) => index),
};

for (const [name, value] of Object.entries(VALUES)) {
  test(`${name} are decoded as they were`, () => {
    assert.deepEqual(decode(encode(value)), value);
  });

  test(`${name} survive a lossy dictionary`, () => {
    assert.deepEqual(decode(spoil(encode(value))), value);
  });
}

test("scalars survive a lossy dictionary", () => {
  for (const value of [7, 1 / 3, "text", "7", true, null]) {
    assert.deepEqual(decode(spoil(encode(value))), value);
  }
});

test("undefined fields are omitted", () => {
  assert.deepEqual(decode(encode({ here: 1, gone: undefined })), { here: 1 });
});

test("encoded values have no list of one, no empty list and no empty object", () => {
  const stored = JSON.stringify(encode(VALUES));
  assert.doesNotMatch(stored, /\[\]|\{\}|\[[^[\]{},]*\]/);
});

test("notes are encoded as columns", () => {
  const stored = encode(VALUES["5,000 notes"]);
  const lists = JSON.stringify(stored).match(/\[/g) ?? [];
  assert.ok(lists.length <= 10, `${lists.length} lists`);
});

test("values that were not encoded are refused", () => {
  assert.throws(() => decode(null), /empty/);
  assert.throws(() => decode({ list: [1, 2] } as DictObject), /length/);
  assert.throws(() => decode({ "#": 2, column: { "0": [] } } as DictObject), /./);
});
