import assert from "node:assert/strict";
import { test } from "node:test";
import { JAM_TEXTS } from "../../../core/jam/jam.ts";
import { Stage } from "./jam_stage.ts";

function listening(bars = 1): Stage {
  const stage = new Stage();
  stage.jam.setBars(bars);
  stage.jam.turn(true);
  stage.start();
  return stage;
}

const quarter = (start_time: number, pitch = 72) => ({ pitch, start_time, duration: 0.5 });

/** Beats at which notes began, by a song at 120. */
const onsets = (stage: Stage) =>
  stage.chain.log.filter((event) => event.on).map((event) => Math.round(event.at * 2 * 20) / 20);

test("the answer begins on the bar line after the call", () => {
  const stage = listening();
  stage.runTo(0.5);
  stage.key(60, 1);
  stage.runTo(3.5);
  assert.equal(stage.asked.length, 1, "asked before the call is over");
  assert.equal(stage.last.length, 4);
  assert.deepEqual(
    stage.last.call.notes.map((note) => [note.pitch, Math.round(note.start_time * 10) / 10]),
    [[60, 0.5]],
  );
  stage.last.listener.notes([quarter(4), quarter(5.5, 74)]);
  stage.last.listener.done();
  stage.runTo(8);
  assert.deepEqual(onsets(stage), [4, 5.5]);
  assert.ok(stage.chain.isSilent);
});

test("a phrase lasts the bars that are asked for, in the meter of the song", () => {
  const stage = new Stage();
  stage.song.bar = 3;
  stage.jam.setBars(2);
  stage.jam.turn(true);
  stage.start();
  stage.runTo(4);
  stage.key(60, 1);
  stage.runTo(8.9);
  assert.equal(stage.last.length, 6);
  assert.equal(stage.last.call.length, 6);
  stage.last.listener.notes([quarter(6)]);
  stage.runTo(10);
  assert.deepEqual(onsets(stage), [9]);
});

test("a note just before the bar line opens the next bar", () => {
  const stage = listening();
  stage.runTo(3.9);
  stage.key(60, 0.5);
  stage.runTo(7.5);
  assert.equal(stage.last.call.notes[0]?.start_time, 0);
  stage.last.listener.notes([quarter(4)]);
  stage.runTo(9);
  assert.deepEqual(onsets(stage), [8]);
});

test("a late answer joins in on a beat, in its place", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(5.3);
  stage.last.listener.notes([quarter(4, 70), quarter(5, 71), quarter(6, 72), quarter(7, 73)]);
  stage.runTo(8);
  assert.deepEqual(onsets(stage), [6, 7]);
});

test("after a late answer the next is asked for earlier", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(5);
  stage.last.listener.notes([quarter(4)]);
  stage.runTo(8.1);
  stage.key(60, 0.5);
  stage.runTo(10.6);
  assert.equal(stage.asked.length, 2, "asked more than a beat before the bar line");
});

test("an answer that streams sounds while it is still written", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(3.8);
  stage.last.listener.notes([quarter(4)]);
  stage.runTo(4.5);
  assert.deepEqual(onsets(stage), [4]);
  stage.last.listener.notes([quarter(6)]);
  stage.runTo(7);
  assert.deepEqual(onsets(stage), [4, 6]);
});

test("a change of tempo moves the notes that are still to come", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(3.8);
  stage.last.listener.notes([quarter(4), quarter(7)]);
  stage.runTo(5);
  const [seconds, beat] = [stage.seconds, stage.song.beat];
  stage.song.tempo = 60;
  stage.runTo(8);
  const at = stage.chain.log.filter((event) => event.on)[1]?.at ?? 0;
  assert.ok(Math.abs(at - (seconds + 7 - beat)) < 0.02, `the last note came at ${at}`);
});

test("the next call may begin when the answer is over", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(3.9);
  stage.last.listener.notes([quarter(4)]);
  stage.runTo(5);
  stage.key(62, 0.5);
  stage.runTo(8.2);
  stage.key(64, 1);
  stage.runTo(11.9);
  assert.deepEqual(
    stage.last.call.notes.map((note) => note.pitch),
    [64],
    "what was played into the answer is no call",
  );
});

test("a loop of the Arrangement by whole bars does not disturb the phrase", () => {
  const stage = listening();
  stage.runTo(4);
  stage.key(60, 1);
  stage.runTo(7.9);
  stage.last.listener.notes([quarter(4), quarter(5)]);
  stage.run(0.05);
  stage.song.beat -= 8;
  stage.run(1);
  assert.equal(stage.chain.ons, 2);
  assert.equal(stage.chain.silences, 0);
});

test("a jump off the bar lines ends the phrase", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(3.9);
  stage.last.listener.notes([{ pitch: 72, start_time: 4, duration: 4 }]);
  stage.runTo(4.5);
  stage.song.beat += 1.5;
  stage.run(0.05);
  assert.ok(stage.chain.isSilent);
  assert.ok(stage.last.cancelled);
});

const ENDINGS: [string, (stage: Stage) => void][] = [
  ["the transport stops", (stage) => stage.stop()],
  ["the jam is switched off", (stage) => stage.jam.turn(false)],
  ["panic", (stage) => stage.jam.panic()],
  ["the device goes", (stage) => stage.jam.close()],
  ["the server is lost", (stage) => stage.jam.lost("The server is gone.")],
  ["the answer fails", (stage) => stage.last.listener.failed("The server is gone.")],
];

for (const [name, end] of ENDINGS) {
  test(`every note ends when ${name}`, () => {
    const stage = listening();
    stage.key(60, 1);
    stage.runTo(3.9);
    stage.last.listener.notes([{ pitch: 72, start_time: 4, duration: 4 }, quarter(4.6)]);
    stage.runTo(4.5);
    assert.ok(!stage.chain.isSilent);
    end(stage);
    assert.ok(stage.chain.isSilent, "at once");
    const ons = stage.chain.ons;
    stage.last.listener.notes([quarter(5), quarter(6)]);
    stage.run(3);
    assert.equal(stage.chain.ons, ons, "and nothing follows");
  });
}

test("a server that fails is told, and the next call is heard", () => {
  const stage = listening();
  stage.key(60, 1);
  stage.runTo(3.9);
  stage.last.listener.failed("The server is gone.");
  assert.equal(stage.told.at(-1), "The server is gone.");
  stage.runTo(4.2);
  stage.key(62, 1);
  stage.runTo(7.9);
  assert.equal(stage.asked.length, 2);
});

test("it says what it waits for", () => {
  const stage = new Stage();
  stage.jam.turn(true);
  assert.equal(stage.told.at(-1), JAM_TEXTS.stopped);
  stage.start();
  assert.equal(stage.told.at(-1), JAM_TEXTS.waiting);
  stage.key(60, 1);
  assert.equal(stage.told.at(-1), JAM_TEXTS.listening);
});

test("without a note nothing is asked for, and nothing is heard while it is off", () => {
  const stage = listening();
  stage.run(10);
  stage.jam.turn(false);
  stage.key(60, 1);
  stage.run(10);
  assert.equal(stage.asked.length, 0);
});
