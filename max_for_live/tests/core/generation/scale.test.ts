import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chordOf,
  decodeScale,
  encodeScale,
  intersect,
  noteNames,
  scaleArguments,
  scaleOf,
} from "../../../core/generation/scale.ts";
import { SET } from "../device_fixture.ts";

test("Live's scale becomes the generator's arguments", () => {
  const scale = scaleOf(SET);
  assert.ok(scale);
  assert.deepEqual(scaleArguments(scale), {
    scale_root: { intValue: 9 },
    scale_intervals: { stringValue: "0,2,3,5,7,8,10" },
  });
});

test("a scale that is off or empty allows all notes", () => {
  assert.equal(scaleOf({ ...SET, scaleOn: false }), null);
  assert.equal(scaleOf({ ...SET, scaleIntervals: [] }), null);
});

test("a scale of more than an octave is reduced to one octave", () => {
  assert.deepEqual(scaleOf({ ...SET, scaleIntervals: [0, 4, 7, 12, 14] })?.intervals, [0, 2, 4, 7]);
});

test("the root of a chord is its lowest note", () => {
  const chord = chordOf([67, 64, 72, 60]);
  assert.deepEqual(chord, { root: 0, intervals: [0, 4, 7] });
  assert.equal(noteNames(chord), "C E G");
  assert.equal(chordOf([]), null);
});

test("scale and chord are intersected; without common notes the chord is used", () => {
  const scale = scaleOf(SET);
  const chord = chordOf([60, 63, 67]);
  assert.deepEqual(intersect(scale, chord), { root: 0, intervals: [0, 7] });
  const foreign = { root: 1, intervals: [0] };
  assert.deepEqual(intersect(scale, foreign), foreign);
  assert.deepEqual(intersect(scale, null), scale);
});

test("a chord is encoded as one word and decoded; other words are ignored", () => {
  for (const pitches of [[64, 67, 71], [61], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]) {
    const chord = chordOf(pitches);
    assert.deepEqual(decodeScale(encodeScale(chord)), chord);
  }
  for (const word of [encodeScale(null), "", "0", "chord", "chord_4", "chord_a_b", "chord_4_0_x"]) {
    assert.equal(decodeScale(word), null, word);
  }
});
