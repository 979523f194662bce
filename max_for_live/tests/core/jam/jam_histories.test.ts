import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "./jam_stage.ts";
import { randomFrom } from "./random.ts";

type Act = (stage: Stage, random: () => number) => void;

const pitchOf = (random: () => number) => 60 + Math.floor(random() * 8);

const ACTS: [weight: number, act: Act][] = [
  [60, (stage, random) => stage.run(random() * 0.8, 0.02 + random() * 0.08)],
  [20, (stage, random) => stage.jam.heard(pitchOf(random), 1 + Math.floor(random() * 127))],
  [15, (stage, random) => stage.jam.heard(pitchOf(random), 0)],
  [15, answer],
  [4, (stage) => stage.asked.at(-1)?.listener.done()],
  [1, (stage) => stage.asked.at(-1)?.listener.failed("It failed.")],
  [2, (stage, random) => stage.asked[Math.floor(random() * stage.asked.length)]?.listener.done()],
  [3, (stage, random) => Object.assign(stage.song, { tempo: 20 + random() * 280 })],
  [
    2,
    (stage, random) => Object.assign(stage.song, { bar: [3, 4, 1.75][Math.floor(random() * 3)] }),
  ],
  [0.5, (stage, random) => Object.assign(stage.song, { beat: random() * 64 })],
  [2, (stage) => Object.assign(stage.song, { beat: stage.song.beat - 8 })],
  [0.7, (stage) => stage.stop()],
  [3, (stage) => stage.start()],
  [0.5, (stage) => stage.jam.turn(false)],
  [4, (stage) => stage.jam.turn(true)],
  [0.5, (stage) => stage.jam.panic()],
  [0.5, (stage) => stage.jam.lost("It is gone.")],
  [1, (stage, random) => stage.jam.setBars(random() * 6)],
];

function answer(stage: Stage, random: () => number): void {
  const asked = stage.asked.at(-1);
  const notes = Array.from({ length: Math.floor(random() * 6) }, () => ({
    pitch: pitchOf(random),
    start_time: (asked?.length ?? 0) * (1 + random() * 1.1),
    duration: random() * 8,
    velocity: random() * 140,
  }));
  asked?.listener.notes(notes);
}

const ENDINGS: Act[] = [
  (stage) => stage.stop(),
  (stage) => stage.jam.turn(false),
  (stage) => stage.jam.panic(),
  (stage) => stage.jam.close(),
];

function choose(random: () => number): Act {
  let left = random() * ACTS.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, act] of ACTS) {
    left -= weight;
    if (left < 0) return act;
  }
  return ACTS[0]?.[1] as Act;
}

/** Returns how many notes sounded. */
function play(seed: number): number {
  const random = randomFrom(seed);
  const stage = new Stage();
  stage.jam.turn(true);
  stage.start();
  for (let act = 0; act < 250; act += 1) {
    choose(random)(stage, random);
    if (!stage.playing || !stage.jam.isOn) {
      assert.ok(stage.chain.isSilent, `history ${seed}: it sounds though it stands or is off`);
    }
  }
  ENDINGS[seed % ENDINGS.length]?.(stage, random);
  assert.ok(stage.chain.isSilent, `history ${seed}: a note is left sounding`);
  assert.equal(stage.chain.ons, stage.chain.offs, `history ${seed}`);
  for (const count of stage.chain.sounding.values()) assert.equal(count, 0, `history ${seed}`);
  return stage.chain.ons;
}

test("no history leaves a note sounding", () => {
  let notes = 0;
  for (let seed = 0; seed < 1500; seed += 1) notes += play(seed);
  assert.ok(notes > 5000, `only ${notes} notes sounded in all`);
});
