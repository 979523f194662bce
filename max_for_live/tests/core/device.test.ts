import assert from "node:assert/strict";
import { test } from "node:test";

import { clip, DeviceStage, DRUMS, MELODY } from "./device_stage.ts";

const NOTE = { note_id: 1, pitch: 60, start_time: 0, duration: 1, velocity: 100 };

function connected(): DeviceStage {
  return new DeviceStage([DRUMS, MELODY]).connect();
}

/** Node lives, and it is time to read the server's list once more. */
function askedAgain(stage: DeviceStage): void {
  while (stage.asked.length === 0) {
    stage.clock.pass(1);
    stage.device.node("ready", 1, "v20.0.0");
  }
  stage.list();
}

test("Generate puts the music into a new clip, with the seed in its name", () => {
  const stage = connected();
  stage.device.control("generator", 1);
  stage.device.control("bars", 2);
  stage.device.control("go");
  assert.equal(stage.view.state, "busy");
  const { request } = stage.order;
  assert.equal(request.generatorId, "melody");
  assert.deepEqual(request.options?.generateSections, [{ startTime: 0, endTime: 4 }]);
  assert.deepEqual(request.primer?.tempos, [{ time: 0, qpm: 120 }]);
  stage.variation(0);
  stage.done();
  const [written] = stage.live.written;
  assert.equal(stage.live.written.length, 1);
  assert.deepEqual(written?.target, { kind: "session", track: 0, fromSlot: 0 });
  assert.equal(written?.length, 8);
  assert.deepEqual(
    written?.notes.map((note) => note.start_time),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal(written?.name, `melody ${request.seed}`);
  assert.equal(stage.view.state, "connected");
  assert.equal(stage.view.notes.length, 8);
});

test("a new seed is drawn and shown with each press, unless it is switched off", () => {
  const stage = connected();
  stage.device.control("seed", 5);
  stage.device.control("go");
  assert.equal(stage.order.request.seed, "16384");
  assert.equal(stage.view.values.get("seed"), 16384);
  stage.done();
  stage.device.control("new_seed", 0);
  stage.device.control("seed", 5);
  stage.device.control("go");
  assert.equal(stage.order.request.seed, "5");
  const first = JSON.stringify(stage.order.request);
  stage.done();
  stage.device.control("go");
  assert.equal(JSON.stringify(stage.order.request), first);
});

test("Continue goes on after the clip as heard, from the next bar line, in a clip beside it", () => {
  const stage = connected();
  stage.live.selected = clip([NOTE, { ...NOTE, note_id: 2, start_time: 4.5 }], {
    loopEnd: 5,
    endMarker: 5,
  });
  stage.device.control("tool_continue", 1);
  stage.device.control("go");
  const { request } = stage.order;
  assert.equal(request.generatorId, "melody");
  assert.equal(request.primer?.notes?.length, 2);
  assert.equal(request.primer?.totalTime, 2.5);
  assert.deepEqual(request.options?.generateSections, [{ startTime: 4, endTime: 12 }]);
  stage.variation(0);
  stage.done();
  assert.deepEqual(stage.live.written[0]?.target, { kind: "session", track: 0, fromSlot: 3 });
  assert.equal(stage.live.written[0]?.notes[0]?.start_time, 0);
  const primer = stage.view.notes.filter((note) => note.primer);
  assert.deepEqual(
    primer.map((note) => note.start),
    [0, 4.5],
  );
  assert.equal(stage.view.length, 24);
});

test("in the Arrangement the new clip follows the selected one", () => {
  const stage = connected();
  const place = { kind: "arrangement", track: 0, start: 8, end: 12 } as const;
  stage.live.selected = clip([NOTE], { place });
  stage.device.control("tool_continue", 1);
  stage.device.control("go");
  stage.variation(0);
  assert.deepEqual(stage.live.written[0]?.target, { kind: "arrangement", track: 0, start: 12 });
});

test("variations are candidates to look at, keep and drop; the first is in a clip at once", () => {
  const stage = connected();
  stage.device.control("generator", 1);
  stage.device.control("variations", 3);
  stage.device.control("go");
  for (const variation of [0, 1, 2]) stage.variation(variation, 60 + variation);
  stage.done();
  assert.equal(stage.live.written.length, 1);
  assert.equal(stage.view.texts.get("candidate"), "1 of 3");
  stage.device.control("next");
  assert.equal(stage.view.texts.get("candidate"), "2 of 3");
  assert.equal(stage.view.notes[0]?.pitch, 61);
  stage.device.control("keep");
  assert.equal(stage.live.written.length, 2);
  assert.deepEqual(stage.live.written[1]?.target, { kind: "session", track: 0, fromSlot: 1 });
  assert.equal(stage.live.written[1]?.name, "melody 16385");
  stage.device.control("drop");
  assert.equal(stage.view.texts.get("candidate"), "2 of 2");
  assert.equal(stage.view.notes[0]?.pitch, 62);
  stage.device.control("drop");
  stage.device.control("drop");
  assert.equal(stage.view.texts.get("candidate"), "");
  assert.ok(stage.view.gray.has("keep"));
  stage.device.control("keep");
  assert.match(stage.view.sentence, /no candidate/);
  assert.equal(stage.live.written.length, 2);
});

test("what was not read of the primer stands on the strip until the next press", () => {
  const stage = connected();
  stage.device.control("go");
  const notices = [{ code: "DRUMS_NOT_READ", message: "This generator does not read drums." }];
  stage.piece({ notices });
  stage.variation(0);
  stage.done();
  assert.equal(stage.view.sentence, "This generator does not read drums.");
  assert.equal(stage.view.state, "connected");
  assert.equal(stage.live.written.length, 1);
  stage.device.control("go");
  assert.notEqual(stage.view.sentence, "This generator does not read drums.");
});

test("progress says which variation and which bar", () => {
  const stage = connected();
  stage.device.control("variations", 4);
  stage.device.control("bars", 8);
  stage.device.control("go");
  assert.equal(stage.view.texts.get("progress"), "1 of 4, bar 1 of 8");
  stage.piece({ variation: 1, completeUntil: 4.5, chunk: {} });
  assert.equal(stage.view.texts.get("progress"), "2 of 4, bar 3 of 8");
});

test("Cancel reaches Node, keeps what is there, and hears nothing more", () => {
  const stage = connected();
  stage.device.control("variations", 2);
  stage.device.control("go");
  stage.variation(0);
  const held = stage.held;
  stage.device.control("cancel");
  assert.deepEqual(stage.sent.at(-1), ["cancel", stage.order.id]);
  assert.equal(stage.view.state, "connected");
  assert.match(stage.view.texts.get("progress") ?? "", /Canceled; 1 of 2/);
  stage.variation(1);
  stage.failed("cancelled", "Canceled.");
  assert.equal(stage.view.texts.get("candidate"), "1 of 1");
  assert.equal(stage.view.state, "connected");
  stage.device.control("go");
  assert.equal(stage.held, held, "the next call takes the dictionaries of the one before");
});

test("a failure is one sentence, with when to try again", () => {
  const stage = connected();
  stage.device.control("go");
  stage.failed("resource_exhausted", "The server has too much to do.", 1.2, "OVERLOADED");
  assert.equal(stage.view.state, "error");
  assert.equal(stage.view.sentence, "The server has too much to do. Try again in 2 seconds.");
  stage.device.control("go");
  assert.equal(stage.view.state, "busy");
});

test("that the server was away is said until it answers again", () => {
  const stage = connected();
  stage.device.control("go");
  stage.failed("unavailable", "The server does not answer any more.");
  stage.asked.pop();
  assert.equal(stage.view.state, "error");
  askedAgain(stage);
  assert.equal(stage.view.state, "connected");
  assert.doesNotMatch(stage.view.sentence, /does not answer/);
});

test("that the server took the work along is said until it is back or something is to be done", () => {
  const stage = connected();
  stage.device.control("go");
  stage.failed("unavailable", "The server has gone in the middle of the work.");
  stage.asked.pop();
  stage.device.node("state", "starting", "-", "-", "Looking for a server.");
  assert.equal(stage.view.sentence, "The server has gone in the middle of the work.");
  stage.device.node("state", "no server", "-", "-", "Type that.");
  assert.equal(stage.view.sentence, "Type that.");
});

test("what else went wrong stays on the strip when the server is asked for its list", () => {
  const stage = connected();
  stage.device.control("go");
  stage.failed("internal", "Something broke.");
  stage.asked.pop();
  askedAgain(stage);
  assert.equal(stage.view.sentence, "Something broke.");
});

test("what cannot be done is refused in one sentence and nothing is asked", () => {
  const stage = new DeviceStage([DRUMS, MELODY]);
  const refusal = (press: () => void) => {
    const asked = stage.asked.length;
    press();
    assert.equal(stage.asked.length, asked);
    return stage.view.sentence;
  };
  stage.device.ready();
  assert.match(
    refusal(() => stage.device.control("go")),
    /no server yet/,
  );
  stage.device.node("ready", 1, "v20");
  stage.device.node("state", "connected", "127.0.0.1:1", "-", "-");
  stage.list();
  stage.device.control("tool_continue", 1);
  assert.match(
    refusal(() => stage.device.control("go")),
    /^Select a MIDI clip to continue/,
  );
  stage.live.selected = clip([]);
  assert.match(
    refusal(() => stage.device.control("go")),
    /"Tune" has no notes/,
  );
  stage.live.selected = clip([{ ...NOTE, mute: 1 }]);
  assert.match(
    refusal(() => stage.device.control("go")),
    /no notes to hear/,
  );
  stage.device.control("chord_learn");
  assert.match(stage.view.sentence, /^Hold some keys/);
});

test("Live's own refusal to make a clip is shown, and the candidate stays", () => {
  const stage = connected();
  stage.live.refusal = "The track is frozen; unfreeze it first.";
  stage.device.control("go");
  stage.variation(0);
  stage.done();
  assert.equal(stage.view.sentence, "The track is frozen; unfreeze it first.");
  stage.live.refusal = "";
  stage.device.control("keep");
  assert.equal(stage.live.written.length, 1);
});

test("audition plays the candidate in the Set's tempo, and is over by itself", () => {
  const stage = connected();
  stage.device.control("bars", 1);
  stage.device.control("go");
  stage.variation(0);
  stage.done();
  stage.live.set = { ...stage.live.set, tempo: 60 };
  stage.device.rollClicked();
  assert.equal(stage.view.values.get("audition"), 1);
  stage.clock.pass(3);
  assert.deepEqual(
    stage.player.notes.map(([pitch, velocity, duration]) => [pitch, velocity, duration]),
    Array.from({ length: 4 }, () => [60, 90, 1000]),
  );
  stage.clock.pass(2);
  assert.equal(stage.view.values.get("audition"), 0);
  stage.device.control("audition", 1);
  const before = stage.player.silences;
  stage.device.enabled(false);
  assert.ok(stage.player.silences > before);
  assert.equal(stage.view.values.get("audition"), 0);
});

test("when the device closes all is silent, nothing waits, and nothing is held", () => {
  const stage = connected();
  stage.device.control("go");
  stage.variation(0);
  stage.device.control("audition", 1);
  stage.device.closing();
  assert.ok(stage.player.silences > 0);
  assert.equal(stage.clock.waiting, 0);
  assert.equal(stage.held, 0);
  assert.deepEqual(stage.sent.slice(-2), [["cancel", stage.order.id], ["closing"]]);
  const calls = stage.view.calls.length;
  stage.device.control("go");
  stage.device.node("value", stage.order.id);
  assert.equal(stage.view.calls.length, calls);
});
