import assert from "node:assert/strict";
import { test } from "node:test";
import {
  barLength,
  exactTempo,
  nextBar,
  toBeats,
  toSeconds,
} from "../../../core/generation/beats.ts";

test("the tempo of a request is the nearest at which a beat is a power of two of a second", () => {
  const cases: [number, number][] = [
    [20, 15],
    [60, 60],
    [80, 60],
    [90, 120],
    [120, 120],
    [174, 240],
    [999, 960],
  ];
  for (const [tempo, exact] of cases) assert.equal(exactTempo(tempo), exact, `at ${tempo}`);
});

test("an invalid tempo does not spoil a request", () => {
  assert.equal(exactTempo(Number.NaN), 120);
  assert.equal(exactTempo(0), 120);
});

test("beats are converted exactly at every tempo of Live", () => {
  for (let tempo = 20; tempo <= 999; tempo += 0.37) {
    const qpm = exactTempo(tempo);
    for (const beat of [0.1, 1 / 3, 1234.567, 1e-9, Math.PI * 1000]) {
      assert.equal(toBeats(toSeconds(beat, qpm), qpm), beat);
    }
  }
});

test("bars are counted in quarter notes", () => {
  assert.equal(barLength(4, 4), 4);
  assert.equal(barLength(6, 8), 3);
  assert.equal(barLength(7, 16), 1.75);
});

test("a position with a rounding error is on its bar line", () => {
  assert.equal(nextBar(15.9999999998, 4), 16);
  assert.equal(nextBar(16.0000000002, 4), 16);
  assert.equal(nextBar(16.1, 4), 20);
});
