import assert from "node:assert/strict";
import { test } from "node:test";

import type { Generator } from "../../../core/transport/messages.ts";
import { clip, DeviceStage, DRUMS, MELODY } from "../device_stage.ts";

const READY = "GENERATOR_STATUS_READY";

function connected(...generators: Generator[]): DeviceStage {
  return new DeviceStage(generators).connect();
}

test("a tool is there when a ready generator has its capability", () => {
  const stage = connected(DRUMS);
  assert.ok(stage.view.hidden.has("tool_continue"));
  assert.ok(stage.view.hidden.has("tool_jam"));
  const groove = { id: "groove", status: READY, capabilities: ["CAPABILITY_GROOVE"] };
  stage.generators.push(MELODY, groove);
  stage.clock.pass(15);
  stage.list();
  for (const tool of ["generate", "continue", "groove", "jam"]) {
    assert.ok(!stage.view.hidden.has(`tool_${tool}`), tool);
  }
  for (const tool of ["interpolate", "drumify"]) assert.ok(stage.view.hidden.has(`tool_${tool}`));
});

test("a tool that no generator has today works on the selected clip, as long as it is", () => {
  const stage = connected({ id: "g", status: READY, capabilities: ["CAPABILITY_GROOVE"] });
  stage.device.control("tool_groove", 1);
  assert.equal(stage.view.texts.get("go"), "Groove");
  assert.ok(stage.view.hidden.has("bars"));
  stage.device.control("go");
  assert.match(stage.view.sentence, /^Select a MIDI clip to groove/);
  stage.live.selected = clip([{ pitch: 36, start_time: 0, duration: 1 }]);
  stage.device.control("go");
  const { request } = stage.order;
  assert.equal(request.primer?.notes?.length, 1);
  assert.deepEqual(request.options?.generateSections, [{ startTime: 2, endTime: 4 }]);
});

test("tools behave as a radio, and the chosen one is stored", () => {
  const stage = connected(MELODY);
  stage.device.control("tool_continue", 1);
  assert.equal(stage.view.values.get("tool"), "continue");
  assert.equal(stage.view.values.get("tool_generate"), 0);
  stage.device.control("tool_continue", 0);
  assert.equal(stage.view.calls.at(-1), "set tool_continue 1");
  stage.device.control("tool_generate", 0);
  assert.equal(stage.view.values.get("tool"), "continue");
});

test("the menu lists what the tool can use, and never one entry alone", () => {
  const stage = connected(DRUMS, MELODY);
  assert.deepEqual(stage.view.menus.get("generator"), ["drums", "melody"]);
  stage.device.control("tool_continue", 1);
  assert.deepEqual(stage.view.menus.get("generator"), ["melody", "-"]);
  assert.equal(stage.view.values.get("generator_id"), "melody");
  stage.device.control("generator", 1);
  assert.equal(stage.view.values.get("generator"), 0);
});

test("a generator that loads or has failed is listed, and says why it does not play", () => {
  const loading = { id: "a", status: "GENERATOR_STATUS_LOADING" };
  const failed = { id: "b", status: "GENERATOR_STATUS_FAILED", statusMessage: "It is damaged." };
  const stage = connected(loading, failed, DRUMS);
  assert.deepEqual(stage.view.menus.get("generator"), ["drums", "a (loading)", "b (failed)"]);
  stage.device.control("generator", 1);
  stage.device.control("go");
  assert.match(stage.view.sentence, /^a is still being loaded/);
  stage.device.control("generator", 2);
  stage.device.control("go");
  assert.equal(stage.view.sentence, "It is damaged.");
  // One that loads is looked at again soon.
  stage.generators[0] = { ...DRUMS, id: "a" };
  stage.clock.pass(1);
  stage.list();
  assert.deepEqual(stage.view.menus.get("generator"), ["a", "drums", "b (failed)"]);
  assert.equal(stage.view.values.get("generator"), 2);
});

test("a generator that the Set has kept stays chosen, also while the server lacks it", () => {
  const stage = new DeviceStage([DRUMS]);
  stage.device.control("generator_id", "lost_one");
  stage.connect();
  assert.deepEqual(stage.view.menus.get("generator"), ["drums", "lost_one (missing)"]);
  stage.device.control("go");
  assert.match(stage.view.sentence, /no generator lost_one/);
  stage.generators.push({ ...DRUMS, id: "lost_one" });
  stage.clock.pass(15);
  stage.list();
  stage.device.control("go");
  assert.equal(stage.order.request.generatorId, "lost_one");
});

test("the generator's own arguments are on the boxes; only what differs is sent", () => {
  const stage = connected(MELODY);
  const labels = [1, 2, 3].map((index) => stage.view.texts.get(`arg_${index}_label`));
  assert.deepEqual(labels, ["Top P", "Min Pitch", "Swing"]);
  assert.deepEqual(stage.view.ranges.get("arg_2"), [0, 127]);
  assert.deepEqual(stage.view.ranges.get("arg_3"), [0, 1]);
  assert.equal(stage.view.values.get("arg_1"), 0.97);
  assert.ok(stage.view.hidden.has("arg_4"));
  stage.device.control("arg_1", Math.fround(0.9));
  stage.device.control("arg_2", 48.3);
  assert.equal(stage.view.texts.get("progress"), "Min Pitch: Lowest note allowed.");
  stage.device.control("arg_3", 1);
  stage.device.control("temperature", 3.5);
  stage.device.control("go");
  assert.deepEqual(stage.order.request.options?.args, {
    temperature: { floatValue: 2 },
    top_p: { floatValue: 0.9 },
    min_pitch: { intValue: 48 },
    swing: { boolValue: true },
  });
});

test("eight arguments have a box each, and what is beyond keeps its default", () => {
  const names = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  const rows = names.map((name) => ({ name, type: "ARGUMENT_TYPE_INT", minimum: 0, maximum: 9 }));
  const stage = connected({ ...MELODY, arguments: rows });
  assert.equal(stage.view.texts.get("arg_8_label"), "Eight");
  names.forEach((_, index) => {
    stage.device.control(`arg_${index + 1}`, 5);
  });
  stage.device.control("go");
  const sent = Object.keys(stage.order.request.options?.args ?? {});
  assert.deepEqual(sent, names.slice(0, 8));
});

test("boxes keep their values for each generator, and those that the Set has kept", () => {
  const stage = new DeviceStage([DRUMS, MELODY]);
  stage.device.control("generator_id", "melody");
  stage.device.control("arg_2", 40);
  stage.connect();
  assert.equal(stage.view.values.get("arg_2"), 40);
  stage.device.control("generator", 0);
  assert.equal(stage.view.texts.get("arg_1_label"), "Density");
  assert.equal(stage.view.values.get("arg_1"), 0);
  assert.ok(stage.view.gray.has("temperature"));
  stage.device.control("generator", 1);
  assert.equal(stage.view.values.get("arg_2"), 40);
  assert.ok(!stage.view.gray.has("temperature"));
});

test("what is unknown in a table of arguments is passed over", () => {
  const odd = {
    ...MELODY,
    arguments: [
      { name: "mood", type: "ARGUMENT_TYPE_STRING" },
      { name: "color", type: "ARGUMENT_TYPE_COLOR" },
      { name: "free", type: "ARGUMENT_TYPE_INT" },
      { name: "fixed", type: "ARGUMENT_TYPE_INT", minimum: 3, maximum: 3 },
    ],
  };
  const stage = connected(odd, { id: "bare", status: READY });
  assert.equal(stage.view.texts.get("arg_1_label"), "Free");
  const [low, high] = stage.view.ranges.get("arg_2") ?? [0, 0];
  assert.ok(high > low);
  stage.device.control("go");
  assert.equal(stage.order.request.generatorId, "melody");
});

test("Live's scale and a learned chord become the generator's scale", () => {
  const stage = connected(MELODY);
  stage.device.control("go");
  assert.equal(stage.order.request.options?.args?.scale_root, undefined);
  stage.done();
  stage.device.control("follow_scale", 1);
  stage.device.control("go");
  const args = stage.order.request.options?.args;
  assert.deepEqual(args?.scale_root, { intValue: 9 });
  assert.deepEqual(args?.scale_intervals, { stringValue: "0,2,3,5,7,8,10" });
  stage.done();
  for (const pitch of [60, 64, 67]) stage.device.heard(pitch, 100);
  stage.device.control("chord_learn");
  assert.equal(stage.view.texts.get("chord"), "C E G");
  const again = connected(MELODY);
  again.device.control("chord_notes", stage.view.values.get("chord_notes") ?? "");
  assert.equal(again.view.texts.get("chord"), "C E G");
  for (const pitch of [60, 64, 67]) stage.device.heard(pitch, 0);
  stage.device.control("go");
  assert.deepEqual(stage.order.request.options?.args?.scale_intervals, { stringValue: "0,4,7" });
  stage.done();
  stage.device.control("chord_clear");
  assert.equal(stage.view.texts.get("chord"), "All Notes");
});

test("where the generator takes no scale the controls are gray and say why", () => {
  const stage = connected(DRUMS);
  for (const id of ["follow_scale", "chord_learn"]) assert.ok(stage.view.gray.has(id));
  assert.equal(stage.view.texts.get("chord"), "drums takes no scale");
});

test("the same list read again changes nothing that is shown", () => {
  const stage = connected(DRUMS, MELODY);
  const calls = stage.view.calls.length;
  stage.clock.pass(15);
  stage.list();
  assert.deepEqual(stage.view.calls.slice(calls), []);
});

test("the die draws a seed and shows it", () => {
  const stage = connected(DRUMS);
  stage.device.control("dice");
  assert.equal(stage.view.values.get("seed"), 16384);
});

test("messages that nobody knows are passed over", () => {
  const stage = connected(DRUMS);
  stage.device.control("warp_drive", 9);
  stage.device.node("poem", 1, 2);
  stage.device.nodeStatus("mystery");
  stage.device.control("tool_future", 1);
  assert.equal(stage.view.state, "connected");
  stage.device.control("go");
  assert.equal(stage.order.request.generatorId, "drums");
});
