import assert from "node:assert/strict";
import { test } from "node:test";

import { clip, DeviceFixture, DRUMS, MELODY } from "./device_fixture.ts";

const NOTE = { note_id: 1, pitch: 60, start_time: 0, duration: 1, velocity: 100 };

function connected(): DeviceFixture {
  return new DeviceFixture([DRUMS, MELODY]).connect();
}

/** Node lives, and it is time to read the server's list once more. */
function askedAgain(fixture: DeviceFixture): void {
  while (fixture.calls.length === 0) {
    fixture.clock.pass(1);
    fixture.device.node("ready", 1, "v20.0.0");
  }
  fixture.list();
}

test("Generate puts the music into a new clip, with the seed in its name", () => {
  const fixture = connected();
  fixture.device.control("generator", 1);
  fixture.device.control("bars", 2);
  fixture.device.control("go");
  assert.equal(fixture.view.state, "busy");
  const { request } = fixture.order;
  assert.equal(request.generatorId, "melody");
  assert.deepEqual(request.options?.generateSections, [{ startTime: 0, endTime: 4 }]);
  assert.deepEqual(request.primer?.tempos, [{ time: 0, qpm: 120 }]);
  fixture.variation(0);
  fixture.done();
  const [written] = fixture.live.written;
  assert.equal(fixture.live.written.length, 1);
  assert.deepEqual(written?.target, { kind: "session", track: 0, fromSlot: 0 });
  assert.equal(written?.length, 8);
  assert.deepEqual(
    written?.notes.map((note) => note.start_time),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal(written?.name, `melody ${request.seed}`);
  assert.equal(fixture.view.state, "connected");
  assert.equal(fixture.view.notes.length, 8);
});

test("a new seed is drawn and shown with each press, unless it is switched off", () => {
  const fixture = connected();
  fixture.device.control("seed", 5);
  fixture.device.control("go");
  assert.equal(fixture.order.request.seed, "16384");
  assert.equal(fixture.view.values.get("seed"), 16384);
  fixture.done();
  fixture.device.control("new_seed", 0);
  fixture.device.control("seed", 5);
  fixture.device.control("go");
  assert.equal(fixture.order.request.seed, "5");
  const first = JSON.stringify(fixture.order.request);
  fixture.done();
  fixture.device.control("go");
  assert.equal(JSON.stringify(fixture.order.request), first);
});

test("Continue goes on after the clip as noteIn, from the next bar line, in a clip beside it", () => {
  const fixture = connected();
  fixture.live.selected = clip([NOTE, { ...NOTE, note_id: 2, start_time: 4.5 }], {
    loopEnd: 5,
    endMarker: 5,
  });
  fixture.device.control("tool_continue", 1);
  fixture.device.control("go");
  const { request } = fixture.order;
  assert.equal(request.generatorId, "melody");
  assert.equal(request.primer?.notes?.length, 2);
  assert.equal(request.primer?.totalTime, 2.5);
  assert.deepEqual(request.options?.generateSections, [{ startTime: 4, endTime: 12 }]);
  fixture.variation(0);
  fixture.done();
  assert.deepEqual(fixture.live.written[0]?.target, { kind: "session", track: 0, fromSlot: 3 });
  assert.equal(fixture.live.written[0]?.notes[0]?.start_time, 0);
  const primer = fixture.view.notes.filter((note) => note.primer);
  assert.deepEqual(
    primer.map((note) => note.start),
    [0, 4.5],
  );
  assert.equal(fixture.view.length, 24);
});

test("in the Arrangement the new clip follows the selected one", () => {
  const fixture = connected();
  const place = { kind: "arrangement", track: 0, start: 8, end: 12 } as const;
  fixture.live.selected = clip([NOTE], { place });
  fixture.device.control("tool_continue", 1);
  fixture.device.control("go");
  fixture.variation(0);
  assert.deepEqual(fixture.live.written[0]?.target, { kind: "arrangement", track: 0, start: 12 });
});

test("variations are candidates to look at, keep and drop; the first is in a clip at once", () => {
  const fixture = connected();
  fixture.device.control("generator", 1);
  fixture.device.control("variations", 3);
  fixture.device.control("go");
  for (const variation of [0, 1, 2]) fixture.variation(variation, 60 + variation);
  fixture.done();
  assert.equal(fixture.live.written.length, 1);
  assert.equal(fixture.view.texts.get("candidate"), "1 of 3");
  fixture.device.control("next");
  assert.equal(fixture.view.texts.get("candidate"), "2 of 3");
  assert.equal(fixture.view.notes[0]?.pitch, 61);
  fixture.device.control("keep");
  assert.equal(fixture.live.written.length, 2);
  assert.deepEqual(fixture.live.written[1]?.target, { kind: "session", track: 0, fromSlot: 1 });
  assert.equal(fixture.live.written[1]?.name, "melody 16385");
  fixture.device.control("drop");
  assert.equal(fixture.view.texts.get("candidate"), "2 of 2");
  assert.equal(fixture.view.notes[0]?.pitch, 62);
  fixture.device.control("drop");
  fixture.device.control("drop");
  assert.equal(fixture.view.texts.get("candidate"), "");
  assert.ok(fixture.view.gray.has("keep"));
  fixture.device.control("keep");
  assert.match(fixture.view.sentence, /no candidate/);
  assert.equal(fixture.live.written.length, 2);
});

test("progress says which variation and which bar", () => {
  const fixture = connected();
  fixture.device.control("variations", 4);
  fixture.device.control("bars", 8);
  fixture.device.control("go");
  assert.equal(fixture.view.texts.get("progress"), "1 of 4, bar 1 of 8");
  fixture.piece({ variation: 1, completeUntil: 4.5, chunk: {} });
  assert.equal(fixture.view.texts.get("progress"), "2 of 4, bar 3 of 8");
});

test("Cancel reaches Node, keeps what is there, and hears nothing more", () => {
  const fixture = connected();
  fixture.device.control("variations", 2);
  fixture.device.control("go");
  fixture.variation(0);
  const held = fixture.held;
  fixture.device.control("cancel");
  assert.deepEqual(fixture.sent.at(-1), ["cancel", fixture.order.id]);
  assert.equal(fixture.view.state, "connected");
  assert.match(fixture.view.texts.get("progress") ?? "", /Canceled; 1 of 2/);
  fixture.variation(1);
  fixture.failed("cancelled", "Canceled.");
  assert.equal(fixture.view.texts.get("candidate"), "1 of 1");
  assert.equal(fixture.view.state, "connected");
  fixture.device.control("go");
  assert.equal(fixture.held, held, "the next call takes the dictionaries of the one before");
});

test("a failure is one sentence, with when to try again", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("resource_exhausted", "The server has too much to do.", 1.2, "OVERLOADED");
  assert.equal(fixture.view.state, "error");
  assert.equal(fixture.view.sentence, "The server has too much to do. Try again in 2 seconds.");
  fixture.device.control("go");
  assert.equal(fixture.view.state, "busy");
});

test("that the server was away is said until it answers again", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("unavailable", "The server does not answer any more.");
  fixture.calls.pop();
  assert.equal(fixture.view.state, "error");
  askedAgain(fixture);
  assert.equal(fixture.view.state, "connected");
  assert.doesNotMatch(fixture.view.sentence, /does not answer/);
});

test("that the server took the work along is said until it is back or something is to be done", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("unavailable", "The server has gone in the middle of the work.");
  fixture.calls.pop();
  fixture.device.node("state", "starting", "-", "-", "Looking for a server.");
  assert.equal(fixture.view.sentence, "The server has gone in the middle of the work.");
  fixture.device.node("state", "no server", "-", "-", "Type that.");
  assert.equal(fixture.view.sentence, "Type that.");
});

test("what else went wrong stays on the strip when the server is calls for its list", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("internal", "Something broke.");
  fixture.calls.pop();
  askedAgain(fixture);
  assert.equal(fixture.view.sentence, "Something broke.");
});

test("what cannot be done is refused in one sentence and nothing is calls", () => {
  const fixture = new DeviceFixture([DRUMS, MELODY]);
  const refusal = (press: () => void) => {
    const calls = fixture.calls.length;
    press();
    assert.equal(fixture.calls.length, calls);
    return fixture.view.sentence;
  };
  fixture.device.ready();
  assert.match(
    refusal(() => fixture.device.control("go")),
    /no server yet/,
  );
  fixture.device.node("ready", 1, "v20");
  fixture.device.node("state", "connected", "127.0.0.1:1", "-", "-");
  fixture.list();
  fixture.device.control("tool_continue", 1);
  assert.match(
    refusal(() => fixture.device.control("go")),
    /^Select a MIDI clip to continue/,
  );
  fixture.live.selected = clip([]);
  assert.match(
    refusal(() => fixture.device.control("go")),
    /"Tune" has no notes/,
  );
  fixture.live.selected = clip([{ ...NOTE, mute: 1 }]);
  assert.match(
    refusal(() => fixture.device.control("go")),
    /no notes to hear/,
  );
  fixture.device.control("chord_learn");
  assert.match(fixture.view.sentence, /^Hold some keys/);
});

test("Live's own refusal to make a clip is shown, and the candidate stays", () => {
  const fixture = connected();
  fixture.live.refusal = "The track is frozen; unfreeze it first.";
  fixture.device.control("go");
  fixture.variation(0);
  fixture.done();
  assert.equal(fixture.view.sentence, "The track is frozen; unfreeze it first.");
  fixture.live.refusal = "";
  fixture.device.control("keep");
  assert.equal(fixture.live.written.length, 1);
});

test("audition plays the candidate in the Set's tempo, and is over by itself", () => {
  const fixture = connected();
  fixture.device.control("bars", 1);
  fixture.device.control("go");
  fixture.variation(0);
  fixture.done();
  fixture.live.set = { ...fixture.live.set, tempo: 60 };
  fixture.device.rollClicked();
  assert.equal(fixture.view.values.get("audition"), 1);
  fixture.clock.pass(3);
  assert.deepEqual(
    fixture.player.notes.map(([pitch, velocity, duration]) => [pitch, velocity, duration]),
    Array.from({ length: 4 }, () => [60, 90, 1000]),
  );
  fixture.clock.pass(2);
  assert.equal(fixture.view.values.get("audition"), 0);
  fixture.device.control("audition", 1);
  const before = fixture.player.silences;
  fixture.device.enabled(false);
  assert.ok(fixture.player.silences > before);
  assert.equal(fixture.view.values.get("audition"), 0);
});

test("when the device closes all is silent, nothing waits, and nothing is held", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.variation(0);
  fixture.device.control("audition", 1);
  fixture.device.closing();
  assert.ok(fixture.player.silences > 0);
  assert.equal(fixture.clock.waiting, 0);
  assert.equal(fixture.held, 0);
  assert.deepEqual(fixture.sent.slice(-2), [["cancel", fixture.order.id], ["closing"]]);
  const calls = fixture.view.calls.length;
  fixture.device.control("go");
  fixture.device.node("value", fixture.order.id);
  assert.equal(fixture.view.calls.length, calls);
});
