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
  ["no object", 5, /row number 1: a row is an object/],
  ["an id with capitals", { ...ROW, id: "Bars" }, /row "Bars": an id has small letters/],
  ["no label", { ...ROW, label: "" }, /"label" is a text that is not empty/],
  ["a long short name", { ...ROW, short: "Variations" }, /at most 8 characters.*has 10/],
  ["info without an end", { ...ROW, info: "Length" }, /"info" is a whole sentence/],
  ["a number as unit", { ...ROW, unit: 4 }, /"unit" is a text/],
  ["an unknown kind", { ...ROW, kind: "slider" }, /"kind" is one of .* not "slider"/],
  ["an unknown type", { ...ROW, type: "bool" }, /"type" is one of/],
  ["an unknown way to store", { ...ROW, stored: "saved" }, /"stored" is one of/],
  ["no device", { ...ROW, devices: [] }, /"devices" lists at least one/],
  ["an unknown device", { ...ROW, devices: ["synth"] }, /"devices" is one of/],
  ["an unknown tool", { ...ROW, tools: ["sing"] }, /"tools" is one of/],
  ["tools that are no list", { ...ROW, tools: "jam" }, /"tools" is a list/],
  ["no range", { ...ROW, range: undefined }, /"range" is two numbers/],
  ["a range of no width", { ...ROW, range: [4, 4] }, /"range" is two numbers, the lower first/],
  ["a default outside", { ...ROW, default: 65 }, /"default" lies within the range, 1 to 64/],
  ["an int too wide for Live", { ...ROW, range: [0, 256] }, /an int has at most 256 values/],
  ["a single entry", { ...ENUM, entries: ["On"] }, /"entries" of an enum has at least two/],
  ["a default that is no entry", { ...ENUM, default: 2 }, /number of an entry/],
  ["a number as blob", { ...ROW, type: "blob", default: 0 }, /"default" of a blob is a text/],
  ["a default where there is no parameter", { ...ROW, type: "none" }, /is no parameter is null/],
  ["words that are no text", { ...ROW, text: 5 }, /"text" is a text/],
];

for (const [what, row, message] of BAD) {
  test(`a row with ${what} is refused, and the sentence names it`, () => {
    assert.throws(() => parseControls([row]), message);
  });
}

test("a table that is no list is refused", () => {
  assert.throws(() => parseControls({}), /the table is a list/);
});

test("ids and long names are given once in a device, though twice in two", () => {
  assert.throws(() => parseControls([ROW, { ...ROW, label: "Length" }]), /the id "bars" is taken/);
  assert.throws(() => parseControls([ROW, { ...ROW, id: "length" }]), /the label "Bars" is taken/);
  const other = { ...ROW, devices: ["generator"] };
  assert.equal(parseControls([ROW, other]).length, 2);
});

/** Names of the request's fields, from the API's own description. */
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

test("the free boxes hold every generator's further arguments, and are as many as are filled", () => {
  const elsewhere = ["temperature", "seed", "scale_root", "scale_intervals"];
  const boxes = CONTROLS.filter((row) => /^arg_\d$/.test(row.id));
  assert.equal(boxes.length, BOXES);
  for (const generator of generators) {
    const rest = generator.arguments.filter(({ name }) => !elsewhere.includes(name));
    assert.ok(rest.length <= boxes.length, generator.id);
    for (const { name, type } of rest) assert.notEqual(type, "string", name);
  }
});

test("every control speaks to the musician in whole sentences", () => {
  for (const { id, info } of CONTROLS) {
    assert.match(info, /^[A-Z].*[a-z)]\.$/, id);
    assert.ok(info.length >= 15, id);
  }
});
