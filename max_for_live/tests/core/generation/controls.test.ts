import assert from "node:assert/strict";
import { test } from "node:test";

import type { Generator } from "../../../core/transport/messages.ts";
import { clip, DeviceFixture, DRUMS, MELODY } from "../device_fixture.ts";

const READY = "GENERATOR_STATUS_READY";

function connected(...generators: Generator[]): DeviceFixture {
  return new DeviceFixture(generators).connect();
}

test("a tool is visible if a ready generator has its capability", () => {
  const fixture = connected(DRUMS);
  assert.ok(fixture.view.hidden.has("tool_continue"));
  assert.ok(fixture.view.hidden.has("tool_jam"));
  const groove = { id: "groove", status: READY, capabilities: ["CAPABILITY_GROOVE"] };
  fixture.generators.push(MELODY, groove);
  fixture.clock.pass(15);
  fixture.list();
  for (const tool of ["generate", "continue", "groove", "jam"]) {
    assert.ok(!fixture.view.hidden.has(`tool_${tool}`), tool);
  }
  for (const tool of ["interpolate", "drumify"]) assert.ok(fixture.view.hidden.has(`tool_${tool}`));
});

test("Groove works on the selected clip and keeps its length", () => {
  const fixture = connected({ id: "g", status: READY, capabilities: ["CAPABILITY_GROOVE"] });
  fixture.device.control("tool_groove", 1);
  assert.equal(fixture.view.texts.get("go"), "Groove");
  assert.ok(fixture.view.hidden.has("bars"));
  fixture.device.control("go");
  assert.match(fixture.view.status, /^Select a MIDI clip to groove/);
  fixture.live.selected = clip([{ pitch: 36, start_time: 0, duration: 1 }]);
  fixture.device.control("go");
  const { request } = fixture.lastCall;
  assert.equal(request.primer?.notes?.length, 1);
  assert.deepEqual(request.options?.generateSections, [{ startTime: 2, endTime: 4 }]);
});

test("only one tool is active, and it is stored", () => {
  const fixture = connected(MELODY);
  fixture.device.control("tool_continue", 1);
  assert.equal(fixture.view.values.get("tool"), "continue");
  assert.equal(fixture.view.values.get("tool_generate"), 0);
  fixture.device.control("tool_continue", 0);
  assert.equal(fixture.view.calls.at(-1), "set tool_continue 1");
  fixture.device.control("tool_generate", 0);
  assert.equal(fixture.view.values.get("tool"), "continue");
});

test("the menu lists the generators of the tool, and at least two entries", () => {
  const fixture = connected(DRUMS, MELODY);
  assert.deepEqual(fixture.view.menus.get("generator"), ["drums", "melody"]);
  fixture.device.control("tool_continue", 1);
  assert.deepEqual(fixture.view.menus.get("generator"), ["melody", "-"]);
  assert.equal(fixture.view.values.get("generator_id"), "melody");
  fixture.device.control("generator", 1);
  assert.equal(fixture.view.values.get("generator"), 0);
});

test("a generator that is loading or has failed is listed, with the reason", () => {
  const loading = { id: "a", status: "GENERATOR_STATUS_LOADING" };
  const failed = { id: "b", status: "GENERATOR_STATUS_FAILED", statusMessage: "It is damaged." };
  const fixture = connected(loading, failed, DRUMS);
  assert.deepEqual(fixture.view.menus.get("generator"), ["drums", "a (loading)", "b (failed)"]);
  fixture.device.control("generator", 1);
  fixture.device.control("go");
  assert.match(fixture.view.status, /^a is still loading/);
  fixture.device.control("generator", 2);
  fixture.device.control("go");
  assert.equal(fixture.view.status, "It is damaged.");
  // The list is read again soon while a generator is loading.
  fixture.generators[0] = { ...DRUMS, id: "a" };
  fixture.clock.pass(1);
  fixture.list();
  assert.deepEqual(fixture.view.menus.get("generator"), ["a", "drums", "b (failed)"]);
  assert.equal(fixture.view.values.get("generator"), 2);
});

test("the stored generator stays chosen while the server does not have it", () => {
  const fixture = new DeviceFixture([DRUMS]);
  fixture.device.control("generator_id", "lost_one");
  fixture.connect();
  assert.deepEqual(fixture.view.menus.get("generator"), ["drums", "lost_one (missing)"]);
  fixture.device.control("go");
  assert.match(fixture.view.status, /does not have the generator lost_one/);
  fixture.generators.push({ ...DRUMS, id: "lost_one" });
  fixture.clock.pass(15);
  fixture.list();
  fixture.device.control("go");
  assert.equal(fixture.lastCall.request.generatorId, "lost_one");
});

test("the boxes show the generator's own arguments; only changed values are sent", () => {
  const fixture = connected(MELODY);
  const labels = [1, 2, 3].map((index) => fixture.view.texts.get(`arg_${index}_label`));
  assert.deepEqual(labels, ["Top P", "Min Pitch", "Swing"]);
  assert.deepEqual(fixture.view.ranges.get("arg_2"), [0, 127]);
  assert.deepEqual(fixture.view.ranges.get("arg_3"), [0, 1]);
  assert.equal(fixture.view.values.get("arg_1"), 0.97);
  assert.ok(fixture.view.hidden.has("arg_4"));
  fixture.device.control("arg_1", Math.fround(0.9));
  fixture.device.control("arg_2", 48.3);
  assert.equal(fixture.view.texts.get("progress"), "Min Pitch: Lowest note allowed.");
  fixture.device.control("arg_3", 1);
  fixture.device.control("temperature", 3.5);
  fixture.device.control("go");
  assert.deepEqual(fixture.lastCall.request.options?.args, {
    temperature: { floatValue: 2 },
    top_p: { floatValue: 0.9 },
    min_pitch: { intValue: 48 },
    swing: { boolValue: true },
  });
});

test("eight arguments have a box each, and further arguments keep their defaults", () => {
  const names = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const rows = names.map((name) => ({ name, type: "ARGUMENT_TYPE_INT", minimum: 0, maximum: 9 }));
  const fixture = connected({ ...MELODY, arguments: rows });
  assert.equal(fixture.view.texts.get("arg_8_label"), "Eight");
  names.forEach((_, index) => {
    fixture.device.control(`arg_${index + 1}`, 5);
  });
  fixture.device.control("go");
  const sent = Object.keys(fixture.lastCall.request.options?.args ?? {});
  assert.deepEqual(sent, names.slice(0, 8));
});

test("boxes keep their values for each generator, and restore stored values", () => {
  const fixture = new DeviceFixture([DRUMS, MELODY]);
  fixture.device.control("generator_id", "melody");
  fixture.device.control("arg_2", 40);
  fixture.connect();
  assert.equal(fixture.view.values.get("arg_2"), 40);
  fixture.device.control("generator", 0);
  assert.equal(fixture.view.texts.get("arg_1_label"), "Density");
  assert.equal(fixture.view.values.get("arg_1"), 0);
  assert.ok(fixture.view.gray.has("temperature"));
  fixture.device.control("generator", 1);
  assert.equal(fixture.view.values.get("arg_2"), 40);
  assert.ok(!fixture.view.gray.has("temperature"));
});

test("unknown arguments are ignored", () => {
  const odd = {
    ...MELODY,
    arguments: [
      { name: "mood", type: "ARGUMENT_TYPE_STRING" },
      { name: "color", type: "ARGUMENT_TYPE_COLOR" },
      { name: "free", type: "ARGUMENT_TYPE_INT" },
      { name: "fixed", type: "ARGUMENT_TYPE_INT", minimum: 3, maximum: 3 },
    ],
  };
  const fixture = connected(odd, { id: "bare", status: READY });
  assert.equal(fixture.view.texts.get("arg_1_label"), "Free");
  const [low, high] = fixture.view.ranges.get("arg_2") ?? [0, 0];
  assert.ok(high > low);
  fixture.device.control("go");
  assert.equal(fixture.lastCall.request.generatorId, "melody");
});

test("Live's scale and a learned chord become the generator's scale", () => {
  const fixture = connected(MELODY);
  fixture.device.control("go");
  assert.equal(fixture.lastCall.request.options?.args?.scale_root, undefined);
  fixture.done();
  fixture.device.control("follow_scale", 1);
  fixture.device.control("go");
  const args = fixture.lastCall.request.options?.args;
  assert.deepEqual(args?.scale_root, { intValue: 9 });
  assert.deepEqual(args?.scale_intervals, { stringValue: "0,2,3,5,7,8,10" });
  fixture.done();
  for (const pitch of [60, 64, 67]) fixture.device.noteIn(pitch, 100);
  fixture.device.control("chord_learn");
  assert.equal(fixture.view.texts.get("chord"), "C E G");
  const again = connected(MELODY);
  again.device.control("chord_notes", fixture.view.values.get("chord_notes") ?? "");
  assert.equal(again.view.texts.get("chord"), "C E G");
  for (const pitch of [60, 64, 67]) fixture.device.noteIn(pitch, 0);
  fixture.device.control("go");
  assert.deepEqual(fixture.lastCall.request.options?.args?.scale_intervals, {
    stringValue: "0,4,7",
  });
  fixture.done();
  fixture.device.control("chord_clear");
  assert.equal(fixture.view.texts.get("chord"), "All Notes");
});

test("the scale controls are gray for a generator without scales, with the reason", () => {
  const fixture = connected(DRUMS);
  for (const id of ["follow_scale", "chord_learn"]) assert.ok(fixture.view.gray.has(id));
  assert.equal(fixture.view.texts.get("chord"), "drums does not support scales");
});

test("reading the same list again changes nothing", () => {
  const fixture = connected(DRUMS, MELODY);
  const calls = fixture.view.calls.length;
  fixture.clock.pass(15);
  fixture.list();
  assert.deepEqual(fixture.view.calls.slice(calls), []);
});

test("Random Seed draws a seed and shows it", () => {
  const fixture = connected(DRUMS);
  fixture.device.control("random_seed");
  assert.equal(fixture.view.values.get("seed"), 16384);
});

test("unknown messages are ignored", () => {
  const fixture = connected(DRUMS);
  fixture.device.control("warp_drive", 9);
  fixture.device.node("poem", 1, 2);
  fixture.device.nodeStatus("mystery");
  fixture.device.control("tool_future", 1);
  assert.equal(fixture.view.state, "connected");
  fixture.device.control("go");
  assert.equal(fixture.lastCall.request.generatorId, "drums");
});
