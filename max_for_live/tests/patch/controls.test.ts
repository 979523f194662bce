import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { BOXES } from "../../core/generation/arguments.ts";
import { CONTROLS, control, parseControls } from "../../patch/controls.ts";
import generators from "./fixtures/generators.json" with { type: "json" };

const ROW = {
  id: "bars",
  devices: ["bridge"],
  kind: "dial",
  label: "Bars",
  short: "Bars",
  type: "int",
  range: [1, 64],
  default: 4,
  unit: "bars",
  stored: "automated",
  field: "",
  tools: [],
  info: "Length.",
};
const ENUM = { ...ROW, type: "enum", entries: ["Off", "On"], default: 0 };

const BAD: [string, unknown, RegExp][] = [
  ["a number instead of an object", 5, /row number 1: a row must be an object/],
  ["an id with capitals", { ...ROW, id: "Bars" }, /row "Bars": an id must have lower-case letters/],
  ["no label", { ...ROW, label: "" }, /"label" must be a non-empty string/],
  ["a long short name", { ...ROW, short: "Variations" }, /at most 8 characters.*has 10/],
  ["info without a period", { ...ROW, info: "Length" }, /"info" must be whole sentences/],
  ["a number as unit", { ...ROW, unit: 4 }, /"unit" must be a string/],
  ["an unknown kind", { ...ROW, kind: "slider" }, /"kind" must be one of .* not "slider"/],
  ["an unknown type", { ...ROW, type: "bool" }, /"type" must be one of/],
  ["an unknown storage", { ...ROW, stored: "saved" }, /"stored" must be one of/],
  ["no device", { ...ROW, devices: [] }, /"devices" must list at least one/],
  ["an unknown device", { ...ROW, devices: ["synth"] }, /"devices" must be one of/],
  ["an unknown tool", { ...ROW, tools: ["sing"] }, /"tools" must be one of/],
  ["tools that are not a list", { ...ROW, tools: "jam" }, /"tools" must be a list/],
  ["no range", { ...ROW, range: undefined }, /"range" must be two numbers/],
  ["an empty range", { ...ROW, range: [4, 4] }, /"range" must be two numbers, the lower first/],
  ["a default outside", { ...ROW, default: 65 }, /"default" must be within the range, 1 to 64/],
  ["too many int values for Live", { ...ROW, range: [0, 256] }, /must have at most 256 values/],
  ["a single entry", { ...ENUM, entries: ["On"] }, /"entries" of an enum must have at least two/],
  ["a default that is not an entry", { ...ENUM, default: 2 }, /index of an entry/],
  [
    "a number as blob",
    { ...ROW, type: "blob", default: 0 },
    /"default" of a blob must be a string/,
  ],
  [
    "a default without a parameter",
    { ...ROW, type: "none" },
    /"default" of type "none" must be null/,
  ],
  ["a number as text", { ...ROW, text: 5 }, /"text" must be a string/],
];

for (const [what, row, message] of BAD) {
  test(`a row with ${what} is refused, and the error names it`, () => {
    assert.throws(() => parseControls([row]), message);
  });
}

test("a table that is not a list is refused", () => {
  assert.throws(() => parseControls({}), /the table must be a list/);
});

test("ids and long names are unique in a device", () => {
  assert.throws(
    () => parseControls([ROW, { ...ROW, label: "Length" }]),
    /the id "bars" is already used/,
  );
  assert.throws(
    () => parseControls([ROW, { ...ROW, id: "length" }]),
    /the label "Bars" is already used/,
  );
  const other = { ...ROW, devices: ["generator"] };
  assert.equal(parseControls([ROW, other]).length, 2);
});

/** Return the names of the request's fields, from the API's descriptors. */
function fieldsOf(message: string): string[] {
  const path = join(process.cwd(), "..", "protos", "magenta_bridge.v1.json");
  const { file } = JSON.parse(readFileSync(path, "utf8")) as {
    file: { messageType?: { name: string; field?: { name: string }[] }[] }[];
  };
  const found = file.flatMap((one) => one.messageType ?? []).find((one) => one.name === message);
  assert.ok(found, `the API has no message ${message}`);
  return (found.field ?? []).map((field) => field.name);
}

test("every field of the table is a field of the request or an argument of a generator", () => {
  const request = fieldsOf("GenerateRequest");
  const options = fieldsOf("GeneratorOptions");
  const args = generators.flatMap((generator) => generator.arguments.map((one) => one.name));
  for (const { id, field } of CONTROLS.filter((row) => row.field !== "")) {
    const [first = "", second, third] = field.split(".");
    assert.ok(request.includes(first), `${id}: the request has no ${first}`);
    if (second !== undefined) assert.ok(options.includes(second), `${id}: no option ${second}`);
    if (third !== undefined) assert.ok(args.includes(third), `${id}: no argument ${third}`);
  }
});

test("the temperature has the range and the default of the generators", () => {
  const rows = generators.flatMap((one) => one.arguments).filter((a) => a.name === "temperature");
  assert.ok(rows.length > 0);
  for (const row of rows) {
    assert.deepEqual(control("temperature").range, [row.minimum, row.maximum]);
    assert.equal(control("temperature").default, row.default);
  }
});

test("the boxes are enough for every generator's further arguments", () => {
  const elsewhere = ["temperature", "seed", "scale_root", "scale_intervals"];
  const boxes = CONTROLS.filter((row) => /^arg_\d$/.test(row.id));
  assert.equal(boxes.length, BOXES);
  for (const generator of generators) {
    const rest = generator.arguments.filter(({ name }) => !elsewhere.includes(name));
    assert.ok(rest.length <= boxes.length, generator.id);
    for (const { name, type } of rest) assert.notEqual(type, "string", name);
  }
});

test("every control has a text in whole sentences", () => {
  for (const { id, info } of CONTROLS) {
    assert.match(info, /^[A-Z].*[a-z)]\.$/, id);
    assert.ok(info.length >= 15, id);
  }
});
