import assert from "node:assert/strict";
import { test } from "node:test";
import { JAM_TEXTS } from "../../../core/jam/jam.ts";
import { JamFixture } from "./jam_fixture.ts";

function listening(bars = 1): JamFixture {
  const fixture = new JamFixture();
  fixture.jam.setBars(bars);
  fixture.jam.setOn(true);
  fixture.start();
  return fixture;
}

const quarter = (start_time: number, pitch = 72) => ({ pitch, start_time, duration: 0.5 });

/** Return the beats of note onsets at tempo 120. */
const onsets = (fixture: JamFixture) =>
  fixture.chain.log.filter((event) => event.on).map((event) => Math.round(event.at * 2 * 20) / 20);

test("the answer begins on the bar line after the call", () => {
  const fixture = listening();
  fixture.runTo(0.5);
  fixture.key(60, 1);
  fixture.runTo(3.5);
  assert.equal(fixture.requests.length, 1, "requested before the end of the call");
  assert.equal(fixture.last.length, 4);
  assert.deepEqual(
    fixture.last.call.notes.map((note) => [note.pitch, Math.round(note.start_time * 10) / 10]),
    [[60, 0.5]],
  );
  fixture.last.listener.notes([quarter(4), quarter(5.5, 74)]);
  fixture.last.listener.done();
  fixture.runTo(8);
  assert.deepEqual(onsets(fixture), [4, 5.5]);
  assert.ok(fixture.chain.isSilent);
});

test("a phrase lasts the number of bars, in the meter of the Set", () => {
  const fixture = new JamFixture();
  fixture.song.bar = 3;
  fixture.jam.setBars(2);
  fixture.jam.setOn(true);
  fixture.start();
  fixture.runTo(4);
  fixture.key(60, 1);
  fixture.runTo(8.9);
  assert.equal(fixture.last.length, 6);
  assert.equal(fixture.last.call.length, 6);
  fixture.last.listener.notes([quarter(6)]);
  fixture.runTo(10);
  assert.deepEqual(onsets(fixture), [9]);
});

/** Play over changes of meter, each a beat of the song and the beats of a bar from there on. */
function playOver(fixture: JamFixture, changes: [number, number][], until: number): void {
  for (const [beat, bar] of changes) {
    fixture.runTo(beat);
    fixture.song.bar = bar;
  }
  fixture.runTo(until);
}

/** Play a note now; return the beat of the song on which the answer begins. */
function answerOf(fixture: JamFixture): number {
  const before = onsets(fixture).length;
  fixture.key(60, 0.25);
  const length = () => fixture.requests.at(-1)?.length ?? 0;
  const asked = fixture.requests.length;
  while (fixture.requests.length === asked) fixture.run(0.05);
  fixture.last.listener.notes([quarter(length())]);
  fixture.last.listener.done();
  while (onsets(fixture).length === before) fixture.run(0.05);
  return Math.round(2 * fixture.song.beat) / 2;
}

test("after changes of meter, the answer begins on a bar line", () => {
  const cases: [[number, number][], number, number][] = [
    [[[16, 3]], 22.2, 25],
    [[[16, 3], [22, 4]], 30.5, 34], // biome-ignore format: a table
    [[[4, 3.5]], 7.7, 11],
    [[[12, 3], [18, 3.5], [25, 2]], 27.5, 29], // biome-ignore format: a table
    [[[10, 3]], 13.2, 16], // in the middle of a bar
  ];
  for (const [changes, at, expected] of cases) {
    const fixture = listening();
    playOver(fixture, changes, at);
    assert.equal(answerOf(fixture), expected, JSON.stringify(changes));
  }
});

test("a call over a change of meter ends on the next bar line", () => {
  const fixture = listening(2);
  fixture.runTo(8.5);
  fixture.key(60, 0.25);
  playOver(fixture, [[12, 3]], 17.9);
  assert.equal(fixture.last.length, 10);
  assert.equal(fixture.last.call.length, 10);
  assert.equal(fixture.last.call.notes.length, 1);
});

test("after a start behind a change of meter, the bar line that Live tells counts", () => {
  for (const [bar, line, at, expected] of [
    [3, 16, 23.2, 25],
    [2.5, 17, 20.1, 22],
    [3.5, 4, 12, 14.5],
  ] as const) {
    const fixture = new JamFixture();
    Object.assign(fixture.song, { bar, beat: at - 1, line: line + bar });
    fixture.jam.setBars(1);
    fixture.jam.setOn(true);
    fixture.start();
    fixture.runTo(at);
    assert.equal(answerOf(fixture), expected);
  }
});

test("a jump back over a change of meter finds the bar lines again", () => {
  const fixture = listening();
  playOver(fixture, [[16, 3]], 20);
  fixture.song.beat = 10;
  fixture.song.bar = 4;
  fixture.run(0.1);
  assert.equal(answerOf(fixture), 12);
  playOver(fixture, [[16, 3]], 20);
  fixture.song.beat = 16.5;
  fixture.run(0.1);
  assert.equal(answerOf(fixture), 19);
});

test("a note slightly before the bar line belongs to the next bar", () => {
  const fixture = listening();
  fixture.runTo(3.9);
  fixture.key(60, 0.5);
  fixture.runTo(7.5);
  assert.equal(fixture.last.call.notes[0]?.start_time, 0);
  fixture.last.listener.notes([quarter(4)]);
  fixture.runTo(9);
  assert.deepEqual(onsets(fixture), [8]);
});

test("a late answer starts on a beat, in its place", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(5.3);
  fixture.last.listener.notes([quarter(4, 70), quarter(5, 71), quarter(6, 72), quarter(7, 73)]);
  fixture.runTo(8);
  assert.deepEqual(onsets(fixture), [6, 7]);
});

test("after a late answer, the next is requested earlier", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(5);
  fixture.last.listener.notes([quarter(4)]);
  fixture.runTo(8.1);
  fixture.key(60, 0.5);
  fixture.runTo(10.6);
  assert.equal(fixture.requests.length, 2, "requested more than a beat before the bar line");
});

test("an answer plays while the rest of it is generated", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(3.8);
  fixture.last.listener.notes([quarter(4)]);
  fixture.runTo(4.5);
  assert.deepEqual(onsets(fixture), [4]);
  fixture.last.listener.notes([quarter(6)]);
  fixture.runTo(7);
  assert.deepEqual(onsets(fixture), [4, 6]);
});

test("a tempo change moves later notes", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(3.8);
  fixture.last.listener.notes([quarter(4), quarter(7)]);
  fixture.runTo(5);
  const [seconds, beat] = [fixture.seconds, fixture.song.beat];
  fixture.song.tempo = 60;
  fixture.runTo(8);
  const at = fixture.chain.log.filter((event) => event.on)[1]?.at ?? 0;
  assert.ok(Math.abs(at - (seconds + 7 - beat)) < 0.02, `the last note is at ${at}`);
});

test("the next call can begin at the end of the answer", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(3.9);
  fixture.last.listener.notes([quarter(4)]);
  fixture.runTo(5);
  fixture.key(62, 0.5);
  fixture.runTo(8.2);
  fixture.key(64, 1);
  fixture.runTo(11.9);
  assert.deepEqual(
    fixture.last.call.notes.map((note) => note.pitch),
    [64],
    "notes during the answer are not a call",
  );
});

test("an Arrangement loop of whole bars does not interrupt the phrase", () => {
  const fixture = listening();
  fixture.runTo(4);
  fixture.key(60, 1);
  fixture.runTo(7.9);
  fixture.last.listener.notes([quarter(4), quarter(5)]);
  fixture.run(0.05);
  fixture.song.beat -= 8;
  fixture.run(1);
  assert.equal(fixture.chain.ons, 2);
  assert.equal(fixture.chain.silences, 0);
});

test("a jump off the bar lines ends the phrase", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(3.9);
  fixture.last.listener.notes([{ pitch: 72, start_time: 4, duration: 4 }]);
  fixture.runTo(4.5);
  fixture.song.beat += 1.5;
  fixture.run(0.05);
  assert.ok(fixture.chain.isSilent);
  assert.ok(fixture.last.cancelled);
});

const ENDINGS: [string, (fixture: JamFixture) => void][] = [
  ["the transport stops", (fixture) => fixture.stop()],
  ["Jam is switched off", (fixture) => fixture.jam.setOn(false)],
  ["panic", (fixture) => fixture.jam.panic()],
  ["the device is removed", (fixture) => fixture.jam.close()],
  ["the server is lost", (fixture) => fixture.jam.lost("The server is gone.")],
  ["the answer fails", (fixture) => fixture.last.listener.failed("The server is gone.")],
];

for (const [name, end] of ENDINGS) {
  test(`every note ends when ${name}`, () => {
    const fixture = listening();
    fixture.key(60, 1);
    fixture.runTo(3.9);
    fixture.last.listener.notes([{ pitch: 72, start_time: 4, duration: 4 }, quarter(4.6)]);
    fixture.runTo(4.5);
    assert.ok(!fixture.chain.isSilent);
    end(fixture);
    assert.ok(fixture.chain.isSilent, "at once");
    const ons = fixture.chain.ons;
    fixture.last.listener.notes([quarter(5), quarter(6)]);
    fixture.run(3);
    assert.equal(fixture.chain.ons, ons, "and no note follows");
  });
}

test("an error is shown, and the next call works", () => {
  const fixture = listening();
  fixture.key(60, 1);
  fixture.runTo(3.9);
  fixture.last.listener.failed("The server is gone.");
  assert.equal(fixture.reports.at(-1), "The server is gone.");
  fixture.runTo(4.2);
  fixture.key(62, 1);
  fixture.runTo(7.9);
  assert.equal(fixture.requests.length, 2);
});

test("the status of the jam is shown", () => {
  const fixture = new JamFixture();
  fixture.jam.setOn(true);
  assert.equal(fixture.reports.at(-1), JAM_TEXTS.stopped);
  fixture.start();
  assert.equal(fixture.reports.at(-1), JAM_TEXTS.waiting);
  fixture.key(60, 1);
  assert.equal(fixture.reports.at(-1), JAM_TEXTS.listening);
});

test("there is no request without notes, and none while Jam is off", () => {
  const fixture = listening();
  fixture.run(10);
  fixture.jam.setOn(false);
  fixture.key(60, 1);
  fixture.run(10);
  assert.equal(fixture.requests.length, 0);
});
