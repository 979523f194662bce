import assert from "node:assert/strict";
import { test } from "node:test";

import { SERVER_LOST } from "../../core/transport/transport.ts";
import { clip, DeviceFixture, DRUMS, MELODY } from "./device_fixture.ts";

const NOTE = { note_id: 1, pitch: 60, start_time: 0, duration: 1, velocity: 100 };

function connected(): DeviceFixture {
  return new DeviceFixture([DRUMS, MELODY]).connect();
}

/** Advance until the device requests the list again, with a running Node. */
function requestListAgain(fixture: DeviceFixture): void {
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
  const { request } = fixture.lastCall;
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

test("each press draws and shows a new seed, unless New Seed is off", () => {
  const fixture = connected();
  fixture.device.control("seed", 5);
  fixture.device.control("go");
  assert.equal(fixture.lastCall.request.seed, "16384");
  assert.equal(fixture.view.values.get("seed"), 16384);
  fixture.done();
  fixture.device.control("new_seed", 0);
  fixture.device.control("seed", 5);
  fixture.device.control("go");
  assert.equal(fixture.lastCall.request.seed, "5");
  const first = JSON.stringify(fixture.lastCall.request);
  fixture.done();
  fixture.device.control("go");
  assert.equal(JSON.stringify(fixture.lastCall.request), first);
});

test("Continue generates from the next bar line, in a clip next to the selected one", () => {
  const fixture = connected();
  fixture.live.selected = clip([NOTE, { ...NOTE, note_id: 2, start_time: 4.5 }], {
    loopEnd: 5,
    endMarker: 5,
  });
  fixture.device.control("tool_continue", 1);
  fixture.device.control("go");
  const { request } = fixture.lastCall;
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

test("candidates can be browsed, kept and dropped; the first is in a clip immediately", () => {
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
  assert.match(fixture.view.status, /no candidate/);
  assert.equal(fixture.live.written.length, 2);
});

test("the status line shows what was not read of the primer until the next command", () => {
  const fixture = connected();
  fixture.device.control("go");
  const notices = [{ code: "DRUMS_NOT_READ", message: "This generator does not read drums." }];
  fixture.respond({ notices });
  fixture.variation(0);
  fixture.done();
  assert.equal(fixture.view.status, "This generator does not read drums.");
  assert.equal(fixture.view.state, "connected");
  assert.equal(fixture.live.written.length, 1);
  fixture.device.control("go");
  assert.notEqual(fixture.view.status, "This generator does not read drums.");
});

test("the progress names the variation and the bar", () => {
  const fixture = connected();
  fixture.device.control("variations", 4);
  fixture.device.control("bars", 8);
  fixture.device.control("go");
  assert.equal(fixture.view.texts.get("progress"), "1 of 4, bar 1 of 8");
  fixture.respond({ variation: 1, completeUntil: 4.5, chunk: {} });
  assert.equal(fixture.view.texts.get("progress"), "2 of 4, bar 3 of 8");
});

test("Cancel reaches Node, keeps complete candidates, and ends all events", () => {
  const fixture = connected();
  fixture.device.control("variations", 2);
  fixture.device.control("go");
  fixture.variation(0);
  const dictCount = fixture.dictCount;
  fixture.device.control("cancel");
  assert.deepEqual(fixture.sent.at(-1), ["cancel", fixture.lastCall.id]);
  assert.equal(fixture.view.state, "connected");
  assert.match(fixture.view.texts.get("progress") ?? "", /Canceled: 1 of 2/);
  fixture.variation(1);
  fixture.failed("cancelled", "Canceled.");
  assert.equal(fixture.view.texts.get("candidate"), "1 of 1");
  assert.equal(fixture.view.state, "connected");
  fixture.device.control("go");
  assert.equal(fixture.dictCount, dictCount, "the next call reuses the dictionaries");
});

test("a failure is shown with the time of a retry", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("resource_exhausted", "The server has too much to do.", 1.2, "OVERLOADED");
  assert.equal(fixture.view.state, "error");
  assert.equal(fixture.view.status, "The server has too much to do. Try again in 2 seconds.");
  fixture.device.control("go");
  assert.equal(fixture.view.state, "busy");
});

test("the status line says that the server is unavailable until it responds again", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("unavailable", "The server does not respond.");
  fixture.calls.pop();
  assert.equal(fixture.view.state, "error");
  requestListAgain(fixture);
  assert.equal(fixture.view.state, "connected");
  assert.doesNotMatch(fixture.view.status, /does not respond/);
});

test("a lost server is shown until it is back or the user has to act", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("unavailable", SERVER_LOST.message);
  fixture.calls.pop();
  fixture.device.node("state", "starting", "-", "-", "Looking for a server.");
  assert.equal(fixture.view.status, SERVER_LOST.message);
  fixture.device.node("state", "no server", "-", "-", "Type that.");
  assert.equal(fixture.view.status, "Type that.");
});

test("other errors stay on the status line when the list is read again", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.failed("internal", "Something broke.");
  fixture.calls.pop();
  requestListAgain(fixture);
  assert.equal(fixture.view.status, "Something broke.");
});

test("a command that cannot be executed shows the reason and sends no request", () => {
  const fixture = new DeviceFixture([DRUMS, MELODY]);
  const refusal = (press: () => void) => {
    const calls = fixture.calls.length;
    press();
    assert.equal(fixture.calls.length, calls);
    return fixture.view.status;
  };
  fixture.device.ready();
  assert.match(
    refusal(() => fixture.device.control("go")),
    /^No server is connected/,
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
    /"Tune" has no audible notes/,
  );
  fixture.live.selected = clip([{ ...NOTE, mute: 1 }]);
  assert.match(
    refusal(() => fixture.device.control("go")),
    /no audible notes/,
  );
  fixture.device.control("chord_learn");
  assert.match(fixture.view.status, /^Hold keys/);
});

test("the status line shows why Live creates no clip, and the candidate stays", () => {
  const fixture = connected();
  fixture.live.refusal = "The track is frozen. Unfreeze it first.";
  fixture.device.control("go");
  fixture.variation(0);
  fixture.done();
  assert.equal(fixture.view.status, fixture.live.refusal);
  fixture.live.refusal = "";
  fixture.device.control("keep");
  assert.equal(fixture.live.written.length, 1);
});

test("audition plays the candidate at the Set's tempo, and ends by itself", () => {
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

test("closing ends all notes, timers, calls and dictionaries", () => {
  const fixture = connected();
  fixture.device.control("go");
  fixture.variation(0);
  fixture.device.control("audition", 1);
  fixture.device.closing();
  assert.ok(fixture.player.silences > 0);
  assert.equal(fixture.clock.waiting, 0);
  assert.equal(fixture.dictCount, 0);
  assert.deepEqual(fixture.sent.slice(-2), [["cancel", fixture.lastCall.id], ["closing"]]);
  const calls = fixture.view.calls.length;
  fixture.device.control("go");
  fixture.device.node("value", fixture.lastCall.id);
  assert.equal(fixture.view.calls.length, calls);
});
