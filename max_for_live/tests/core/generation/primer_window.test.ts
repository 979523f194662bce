import assert from "node:assert/strict";
import { test } from "node:test";
import { primerOf } from "../../../core/generation/primer_window.ts";
import type { ClipFacts, LiveNote } from "../../../core/host/live_port.ts";
import { clip as clipOf } from "../device_fixture.ts";

/** Return a clip with a note on each beat from -4 to 15, whose pitch encodes the beat. */
function clip(facts: Partial<ClipFacts>): ClipFacts {
  const beats = Array.from({ length: 20 }, (_, index) => index - 4);
  const notes = beats.map((beat) => ({
    note_id: beat + 5,
    pitch: 60 + beat,
    start_time: beat,
    duration: 0.5,
  }));
  return clipOf(notes, { loopEnd: 8, endMarker: 8, length: 8, ...facts });
}

function summary(facts: Partial<ClipFacts>): { beats: number[]; starts: number[]; length: number } {
  const { notes, length } = primerOf(clip(facts));
  const starts = notes.map((note) => note.start_time);
  return { beats: notes.map((note) => note.pitch - 60), starts, length };
}

const upTo = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

test("the primer of a looped clip is the loop", () => {
  assert.deepEqual(summary({}), { beats: upTo(0, 8), starts: upTo(0, 8), length: 8 });
});

test("a start marker before the loop gives an intro", () => {
  const music = summary({ startMarker: -2, loopStart: 0, loopEnd: 4 });
  assert.deepEqual(music, { beats: upTo(-2, 4), starts: upTo(0, 6), length: 6 });
});

test("a start marker within the loop rotates it", () => {
  const music = summary({ startMarker: 2, loopStart: 0, loopEnd: 4 });
  assert.deepEqual(music, { beats: [2, 3, 0, 1], starts: upTo(0, 4), length: 4 });
});

test("a start marker after the loop never reaches it", () => {
  const music = summary({ startMarker: 8, loopStart: 0, loopEnd: 4, endMarker: 12 });
  assert.deepEqual(music, { beats: upTo(8, 12), starts: upTo(0, 4), length: 4 });
});

test("the primer of a clip without a loop is between its markers", () => {
  const music = summary({ looping: false, startMarker: 1, endMarker: 5 });
  assert.deepEqual(music, { beats: upTo(1, 5), starts: upTo(0, 4), length: 4 });
});

const inArrangement = { place: { kind: "arrangement", track: 0, start: 32, end: 42 } } as const;

test("a clip in the Arrangement repeats its loop for its length", () => {
  const music = summary({ ...inArrangement, loopEnd: 4, length: 10 });
  const beats = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1];
  assert.deepEqual(music, { beats, starts: upTo(0, 10), length: 10 });
});

test("a clip in the Arrangement with an offset starts within its loop", () => {
  const music = summary({ ...inArrangement, startMarker: 3, loopStart: 1, loopEnd: 5, length: 6 });
  assert.deepEqual(music, { beats: [3, 4, 1, 2, 3, 4], starts: upTo(0, 6), length: 6 });
});

test("a cropped clip in the Arrangement ends where it is cut", () => {
  const music = summary({
    ...inArrangement,
    looping: false,
    startMarker: 2,
    endMarker: 12,
    length: 3,
  });
  assert.deepEqual(music, { beats: [2, 3, 4], starts: [0, 1, 2], length: 3 });
});

test("notes are cut at the end of the loop, and earlier notes are silent", () => {
  const notes: LiveNote[] = [
    { pitch: 60, start_time: -1, duration: 4 },
    { pitch: 62, start_time: 3, duration: 4 },
    { pitch: 64, start_time: 4, duration: 1 },
  ];
  const music = primerOf(clip({ notes, loopEnd: 4 }));
  assert.deepEqual(music.notes, [{ pitch: 62, start_time: 3, duration: 1 }]);
});

test("muted notes are silent, and repeated notes have no id", () => {
  const notes = [
    { note_id: 1, pitch: 60, start_time: 0, duration: 1 },
    { note_id: 2, pitch: 62, start_time: 0, duration: 1, mute: 1 },
  ];
  const music = primerOf(clip({ ...inArrangement, notes, loopEnd: 4, length: 8 }));
  assert.deepEqual(
    music.notes.map(({ pitch, note_id }) => [pitch, note_id]),
    [
      [60, undefined],
      [60, undefined],
    ],
  );
});

test("rounding errors do not add a loop", () => {
  const notes = [{ pitch: 60, start_time: 0, duration: 0.1 }];
  const music = primerOf(clip({ ...inArrangement, notes, loopEnd: 0.1, length: 1 }));
  assert.equal(music.notes.length, 10);
});

test("a clip with too many notes is refused", () => {
  const notes = [0, 0.02, 0.04, 0.06].map((start) => ({
    pitch: 60,
    start_time: start,
    duration: 0.001,
  }));
  const long = clip({ ...inArrangement, notes, loopEnd: 0.1, length: 1500 });
  assert.throws(() => primerOf(long), /more than 50000 audible notes/);
});

test("a clip with too many loops is refused", () => {
  const long = clip({ ...inArrangement, loopEnd: 0.001, length: 1000 });
  assert.throws(() => primerOf(long), /loop is too short/);
});
