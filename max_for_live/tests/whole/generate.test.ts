/** User actions on the main device, loaded from its file, with a real server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveNote } from "../../core/host/live_port.ts";
import { SimClip } from "../../sim/live_clip.ts";
import type { SimTrack } from "../../sim/live_track.ts";
import type { OpenDevice } from "../../sim/objects/open_device.ts";
import { clipsOf, type Simulation } from "../../sim/simulation.ts";
import { MELODY, sharedServer } from "../server.ts";
import { simulate } from "./simulate.ts";

const server = sharedServer("--bundle", MELODY.replace(/lstm/g, "gru"));

/** Run a test on a new sim, without lines in Max's window. */
/** Run a test on a new simulation with the server. */
function simulated(name: string, act: (sim: Simulation) => Promise<void>): void {
  test(name, () => simulate({ grpc: server.grpc }, act));
}

/** Return a connected device with a generator, and New Seed off. */
async function ready(
  sim: Simulation,
  track: SimTrack,
  generator = "lstm_melody",
): Promise<OpenDevice> {
  const opened = sim.drag(track);
  await sim.status(opened, /generators? at/);
  opened.device.choose("generator", generator);
  opened.device.click("new_seed");
  return opened;
}

/** Press Generate, and wait for that many clips on the track. */
async function press(sim: Simulation, { device }: OpenDevice, track: SimTrack, clips: number) {
  device.click("go");
  await sim.until(`clip ${clips}`, () => clipsOf(track).filter(Boolean).length >= clips);
  await sim.until("generation ends", () => !device.control("cancel").active);
  return clipsOf(track).filter((clip): clip is SimClip => clip !== null);
}

const TUNE: LiveNote[] = [0, 1, 2, 3].map((beat) => ({
  pitch: 60 + 2 * beat,
  start_time: beat,
  duration: 1,
  velocity: 80,
}));

simulated("Generate creates a clip of the right length, in few undo steps", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track);
  opened.device.turn("bars", 2);
  const before = sim.world.set.undoSteps.length;
  const [clip] = await press(sim, opened, track, 1);
  assert.ok(clip);
  assert.equal(clip.number("length"), 8);
  assert.match(clip.read("name")?.join(" ") ?? "", /lstm_melody/);
  assert.ok(clip.notes.length > 4);
  assert.ok(clip.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  const steps = sim.world.set.undoSteps.slice(before);
  assert.equal(steps.filter((step) => step === "add_new_notes").length, 1);
  assert.ok(steps.length <= 3, steps.join(", "));
  assert.equal(opened.device.text("path"), "gRPC");
});

simulated("equal seeds give equal notes, and a new seed gives others", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track);
  opened.device.turn("seed", 77);
  const [first] = await press(sim, opened, track, 1);
  const [, second] = await press(sim, opened, track, 2);
  assert.deepEqual(second?.plainNotes, first?.plainNotes);
  opened.device.click("new_seed");
  const [, , third] = await press(sim, opened, track, 3);
  assert.notEqual(opened.device.value("seed"), 77);
  assert.notDeepEqual(third?.plainNotes, first?.plainNotes);
  opened.device.click("new_seed");
  opened.device.turn("seed", 5);
  opened.device.click("random_seed");
  assert.notEqual(opened.device.value("seed"), 5);
});

simulated("Continue uses the selected clip, which does not change", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track);
  const slot = track.slots[2];
  assert.ok(slot);
  const primer = slot.place(new SimClip(slot, { length: 4 })).fill(TUNE);
  const before = JSON.stringify(primer.notes);
  sim.world.set.view.detailClip = primer;
  opened.device.click("tool_continue");
  assert.equal(opened.device.text("go"), "Continue");
  await press(sim, opened, track, 2);
  const written = track.slots[3]?.clip;
  assert.ok(written, "the new clip is in the slot after the primer's");
  assert.ok(written.notes.length > 0);
  assert.equal(JSON.stringify(primer.notes), before);
});

simulated(
  "Continue uses a clip of the Arrangement, and puts the new clip after it",
  async (sim) => {
    const track = sim.track();
    const opened = await ready(sim, track);
    const primer = track.arrange(8, 4).fill(TUNE);
    track.arrange(16, 4);
    sim.world.set.view.detailClip = primer;
    opened.device.click("tool_continue");
    opened.device.turn("bars", 2);
    opened.device.click("go");
    await sim.until("a third clip", () => track.clips.length === 3);
    const starts = track.clips.map((clip) => clip.number("start_time"));
    assert.deepEqual(starts, [8, 16, 20], "existing clips are not overlapped");
  },
);

simulated("of four variations one is in a clip; others are kept or dropped", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track);
  const { device } = opened;
  device.turn("variations", 4);
  await press(sim, opened, track, 1);
  assert.equal(device.text("candidate"), "1 of 4");
  device.click("next");
  assert.equal(device.text("candidate"), "2 of 4");
  device.click("keep");
  const [first, second] = clipsOf(track);
  assert.ok(first && second);
  assert.notDeepEqual(second.plainNotes, first.plainNotes);
  device.click("drop");
  assert.match(device.text("candidate"), / of 3$/);
  device.click("previous");
  assert.equal(device.text("candidate"), "1 of 3");
  assert.equal(clipsOf(track).filter(Boolean).length, 2, "dropping deletes no clip");
});

simulated("audition plays a candidate through the track, and every note ends", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track);
  const { device } = opened;
  device.turn("bars", 1);
  const [clip] = await press(sim, opened, track, 1);
  sim.speed = 20;
  device.click("audition");
  const starts = (): number => device.sentMidi.filter(({ bytes }) => isStart(bytes)).length;
  await sim.until("all notes", () => starts() === clip?.notes.length);
  await sim.until("silence", () => device.sounding.length === 0);
  const pitches = device.sentMidi
    .filter(({ bytes }) => isStart(bytes))
    .map(({ bytes }) => bytes[1]);
  assert.deepEqual(pitches.sort(), clip?.notes.map(({ pitch }) => pitch).sort());
});

const isStart = ([status = 0, , velocity = 0]: number[]): boolean =>
  status >> 4 === 9 && velocity > 0;

simulated("Cancel stops generation, and the next press works", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track, "lstm_melody");
  const { device } = opened;
  device.turn("bars", 64);
  device.turn("variations", 8);
  device.click("go");
  await sim.until("progress", () => /bar [2-9]/.test(device.text("progress")));
  device.click("cancel");
  assert.match(device.text("progress"), /Canceled/);
  assert.equal(clipsOf(track).filter(Boolean).length, 0);
  device.turn("bars", 1);
  device.turn("variations", 1);
  await press(sim, opened, track, 1);
});

simulated("a Set that is saved and opened again has its settings", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track, "gru_melody");
  const { device } = opened;
  device.click("tool_continue");
  device.turn("bars", 7);
  device.turn("seed", 4711);
  device.turn("temperature", 0.5);
  const kept = JSON.parse(JSON.stringify(device.save()));
  await sim.remove(opened);
  sim.world.set.reload();
  const again = sim.drag(track, undefined, kept);
  await sim.status(again, /generators? at/);
  assert.equal(again.device.text("generator"), "gru_melody");
  assert.equal(again.device.text("go"), "Continue");
  for (const [id, value] of [
    ["bars", 7],
    ["seed", 4711],
    ["temperature", 0.5],
    ["new_seed", 0],
  ] as const) {
    assert.equal(again.device.value(id), value, id);
  }
  assert.deepEqual(again.device.save(), kept);
});

simulated("two devices in one Set use their own tracks", async (sim) => {
  const tracks = [sim.track("Keys"), sim.track("Bass")];
  const opened = await Promise.all(tracks.map((track) => ready(sim, track)));
  opened[0]?.device.turn("seed", 1);
  opened[1]?.device.turn("seed", 2);
  for (const { device } of opened) device.click("go");
  await sim.until("both", () => tracks.every((track) => clipsOf(track)[0] !== null));
  const [first, second] = tracks.map((track) => clipsOf(track)[0] as SimClip);
  assert.notDeepEqual(first?.plainNotes, second?.plainNotes);
  await sim.remove(opened[0] as OpenDevice);
  await press(sim, opened[1] as OpenDevice, tracks[1] as SimTrack, 2);
});

simulated("the status line shows why a command is refused", async (sim) => {
  const track = sim.track();
  const opened = await ready(sim, track);
  opened.device.click("tool_continue");
  opened.device.click("go");
  assert.match(opened.device.text("status"), /[Ss]elect a MIDI clip/);
  opened.device.click("tool_generate");
  assert.match(opened.device.text("status"), /generators? at/);
});
