import assert from "node:assert/strict";
import { test } from "node:test";
import { JamFixture, randomFrom } from "./jam_fixture.ts";

type Act = (fixture: JamFixture, random: () => number) => void;

const pitchOf = (random: () => number) => 60 + Math.floor(random() * 8);

const ACTS: [weight: number, act: Act][] = [
  [60, (fixture, random) => fixture.run(random() * 0.8, 0.02 + random() * 0.08)],
  [20, (fixture, random) => fixture.jam.noteIn(pitchOf(random), 1 + Math.floor(random() * 127))],
  [15, (fixture, random) => fixture.jam.noteIn(pitchOf(random), 0)],
  [15, answer],
  [4, (fixture) => fixture.requests.at(-1)?.listener.done()],
  [1, (fixture) => fixture.requests.at(-1)?.listener.failed("It failed.")],
  [
    2,
    (fixture, random) =>
      fixture.requests[Math.floor(random() * fixture.requests.length)]?.listener.done(),
  ],
  [3, (fixture, random) => Object.assign(fixture.song, { tempo: 20 + random() * 280 })],
  [
    2,
    (fixture, random) =>
      Object.assign(fixture.song, { bar: [3, 4, 1.75][Math.floor(random() * 3)] }),
  ],
  [0.5, (fixture, random) => Object.assign(fixture.song, { beat: random() * 64 })],
  [2, (fixture) => Object.assign(fixture.song, { beat: fixture.song.beat - 8 })],
  [0.7, (fixture) => fixture.stop()],
  [3, (fixture) => fixture.start()],
  [0.5, (fixture) => fixture.jam.setOn(false)],
  [4, (fixture) => fixture.jam.setOn(true)],
  [0.5, (fixture) => fixture.jam.panic()],
  [0.5, (fixture) => fixture.jam.lost("It is gone.")],
  [1, (fixture, random) => fixture.jam.setBars(random() * 6)],
];

function answer(fixture: JamFixture, random: () => number): void {
  const requests = fixture.requests.at(-1);
  const notes = Array.from({ length: Math.floor(random() * 6) }, () => ({
    pitch: pitchOf(random),
    start_time: (requests?.length ?? 0) * (1 + random() * 1.1),
    duration: random() * 8,
    velocity: random() * 140,
  }));
  requests?.listener.notes(notes);
}

const ENDINGS: Act[] = [
  (fixture) => fixture.stop(),
  (fixture) => fixture.jam.setOn(false),
  (fixture) => fixture.jam.panic(),
  (fixture) => fixture.jam.close(),
];

function choose(random: () => number): Act {
  let left = random() * ACTS.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, act] of ACTS) {
    left -= weight;
    if (left < 0) return act;
  }
  return ACTS[0]?.[1] as Act;
}

function play(seed: number): number {
  const random = randomFrom(seed);
  const fixture = new JamFixture();
  fixture.jam.setOn(true);
  fixture.start();
  for (let act = 0; act < 250; act += 1) {
    choose(random)(fixture, random);
    if (!fixture.playing || !fixture.jam.isOn) {
      assert.ok(fixture.chain.isSilent, `history ${seed}: a note sounds while stopped or off`);
    }
  }
  ENDINGS[seed % ENDINGS.length]?.(fixture, random);
  assert.ok(fixture.chain.isSilent, `history ${seed}: a hanging note`);
  assert.equal(fixture.chain.ons, fixture.chain.offs, `history ${seed}`);
  for (const count of fixture.chain.sounding.values()) assert.equal(count, 0, `history ${seed}`);
  return fixture.chain.ons;
}

test("no random history leaves a hanging note", () => {
  let notes = 0;
  for (let seed = 0; seed < 1500; seed += 1) notes += play(seed);
  assert.ok(notes > 5000, `only ${notes} notes were played`);
});
