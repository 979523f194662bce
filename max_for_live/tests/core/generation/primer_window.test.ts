import assert from "node:assert/strict";
import { test } from "node:test";
import { ending, heard } from "../../../core/generation/primer_window.ts";
import type { ClipFacts, LiveNote } from "../../../core/host/live_port.ts";

/** A clip with a note on each beat from -4 to 15, its pitch telling the beat. */
function clip(facts: Partial<ClipFacts>): ClipFacts {
  const beats = Array.from({ length: 20 }, (_, index) => index - 4);
  return {
    name: "Clip",
    place: { kind: "session", track: 0, slot: 0 },
    looping: true,
    loopStart: 0,
    loopEnd: 8,
    startMarker: 0,
    endMarker: 8,
    length: 8,
    signatureNumerator: 4,
    signatureDenominator: 4,
    notes: beats.map((beat) => ({
      note_id: beat + 5,
      pitch: 60 + beat,
      start_time: beat,
      duration: 0.5,
    })),
    ...facts,
  };
}

function told(facts: Partial<ClipFacts>): { beats: number[]; starts: number[]; length: number } {
  const { notes, length } = heard(clip(facts));
  const starts = notes.map((note) => note.start_time);
  return { beats: notes.map((note) => note.pitch - 60), starts, length };
}

const upTo = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

test("a looped clip is its loop, not what lies outside", () => {
  assert.deepEqual(told({}), { beats: upTo(0, 8), starts: upTo(0, 8), length: 8 });
});

test("a start marker before the loop gives an intro", () => {
  const music = told({ startMarker: -2, loopStart: 0, loopEnd: 4 });
  assert.deepEqual(music, { beats: upTo(-2, 4), starts: upTo(0, 6), length: 6 });
});

test("a start marker within the loop turns it", () => {
  const music = told({ startMarker: 2, loopStart: 0, loopEnd: 4 });
  assert.deepEqual(music, { beats: [2, 3, 0, 1], starts: upTo(0, 4), length: 4 });
});

test("a start marker behind the loop never reaches it", () => {
  const music = told({ startMarker: 8, loopStart: 0, loopEnd: 4, endMarker: 12 });
  assert.deepEqual(music, { beats: upTo(8, 12), starts: upTo(0, 4), length: 4 });
});

test("a clip without loop goes from marker to marker", () => {
  const music = told({ looping: false, startMarker: 1, endMarker: 5 });
  assert.deepEqual(music, { beats: upTo(1, 5), starts: upTo(0, 4), length: 4 });
});

const inArrangement = { place: { kind: "arrangement", track: 0, start: 32, end: 42 } } as const;

test("a clip of the Arrangement repeats its loop as long as it lasts", () => {
  const music = told({ ...inArrangement, loopEnd: 4, length: 10 });
  const beats = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1];
  assert.deepEqual(music, { beats, starts: upTo(0, 10), length: 10 });
});

test("a clip of the Arrangement with an offset begins within its loop and comes back to it", () => {
  const music = told({ ...inArrangement, startMarker: 3, loopStart: 1, loopEnd: 5, length: 6 });
  assert.deepEqual(music, { beats: [3, 4, 1, 2, 3, 4], starts: upTo(0, 6), length: 6 });
});

test("a cropped clip of the Arrangement ends where it is cut", () => {
  const music = told({
    ...inArrangement,
    looping: false,
    startMarker: 2,
    endMarker: 12,
    length: 3,
  });
  assert.deepEqual(music, { beats: [2, 3, 4], starts: [0, 1, 2], length: 3 });
});

test("notes are cut where the loop ends, and those that began before are not heard", () => {
  const notes: LiveNote[] = [
    { pitch: 60, start_time: -1, duration: 4 },
    { pitch: 62, start_time: 3, duration: 4 },
    { pitch: 64, start_time: 4, duration: 1 },
  ];
  const music = heard(clip({ notes, loopEnd: 4 }));
  assert.deepEqual(music.notes, [{ pitch: 62, start_time: 3, duration: 1 }]);
});

test("muted notes are not heard, and a note heard twice has no id", () => {
  const notes = [
    { note_id: 1, pitch: 60, start_time: 0, duration: 1 },
    { note_id: 2, pitch: 62, start_time: 0, duration: 1, mute: 1 },
  ];
  const music = heard(clip({ ...inArrangement, notes, loopEnd: 4, length: 8 }));
  assert.deepEqual(
    music.notes.map(({ pitch, note_id }) => [pitch, note_id]),
    [
      [60, undefined],
      [60, undefined],
    ],
  );
});

test("thirds of a beat that do not add up make no further pass", () => {
  const notes = [{ pitch: 60, start_time: 0, duration: 0.1 }];
  const music = heard(clip({ ...inArrangement, notes, loopEnd: 0.1, length: 1 }));
  assert.equal(music.notes.length, 10);
});

test("a clip with too many notes says so", () => {
  const notes = [0, 0.02, 0.04, 0.06].map((start) => ({
    pitch: 60,
    start_time: start,
    duration: 0.001,
  }));
  const long = clip({ ...inArrangement, notes, loopEnd: 0.1, length: 1500 });
  assert.throws(() => heard(long), /more than 50000 notes/);
});

test("a tiny loop that is repeated for hours says so", () => {
  const long = clip({ ...inArrangement, loopEnd: 0.001, length: 1000 });
  assert.throws(() => heard(long), /tiny loop/);
});

test("the ending of music begins at beat 0", () => {
  const music = ending(heard(clip({})), 3);
  assert.deepEqual(
    music.notes.map((note) => [note.pitch - 60, note.start_time]),
    [
      [5, 0],
      [6, 1],
      [7, 2],
    ],
  );
});
