/** User actions on the main device, loaded from its file, with a real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LiveNote } from "../../core/host/live_port.ts";
import type { SimClip } from "../../sim/live_clip.ts";
import { SimClip as Clip } from "../../sim/live_clip.ts";
import type { SimTrack } from "../../sim/live_track.ts";
import type { OpenDevice } from "../../sim/objects/open_device.ts";
import { clipsOf, Simulation } from "../../sim/simulation.ts";
import { MELODY, Server } from "../server.ts";

let server: Server;
before(async () => {
  server = await Server.start("--bundle", MELODY.replace(/lstm/g, "gru"));
});
after(() => server.kill());

/** Run a test on a new simulation, without lines in Max's window. */
function whole(name: string, act: (simulation: Simulation) => Promise<void>): void {
  test(name, async () => {
    const simulation = new Simulation({ grpc: server.grpc });
    try {
      await act(simulation);
      assert.deepEqual(simulation.world.complaints, []);
    } finally {
      await simulation.close();
    }
    assert.deepEqual(simulation.world.complaints, []);
  });
}

/** Return a connected device with a generator, and New Seed off. */
async function ready(
  simulation: Simulation,
  track: SimTrack,
  generator = "lstm_melody",
): Promise<OpenDevice> {
  const opened = simulation.drag(track);
  await simulation.status(opened, /generators? at/);
  opened.device.choose("generator", generator);
  opened.device.click("new_seed");
  return opened;
}

/** Press Generate, and wait for that many clips on the track. */
async function press(
  simulation: Simulation,
  { device }: OpenDevice,
  track: SimTrack,
  clips: number,
) {
  device.click("go");
  await simulation.until(`clip ${clips}`, () => clipsOf(track).filter(Boolean).length >= clips);
  await simulation.until("generation ends", () => !device.control("cancel").active);
  return clipsOf(track).filter((clip): clip is SimClip => clip !== null);
}

const plain = (clip: SimClip): LiveNote[] => clip.notes.map(({ note_id, ...note }) => note);

const TUNE: LiveNote[] = [0, 1, 2, 3].map((beat) => ({
  pitch: 60 + 2 * beat,
  start_time: beat,
  duration: 1,
  velocity: 80,
}));

whole("Generate creates a clip of the right length, in few undo steps", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track);
  opened.device.turn("bars", 2);
  const before = simulation.world.set.undoSteps.length;
  const [clip] = await press(simulation, opened, track, 1);
  assert.ok(clip);
  assert.equal(clip.number("length"), 8);
  assert.match(clip.read("name")?.join(" ") ?? "", /lstm_melody/);
  assert.ok(clip.notes.length > 4);
  assert.ok(clip.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  const steps = simulation.world.set.undoSteps.slice(before);
  assert.equal(steps.filter((step) => step === "add_new_notes").length, 1);
  assert.ok(steps.length <= 3, steps.join(", "));
  assert.equal(opened.device.text("path"), "gRPC");
});

whole("equal seeds give equal notes, and a new seed gives others", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track);
  opened.device.turn("seed", 77);
  const [first] = await press(simulation, opened, track, 1);
  const [, second] = await press(simulation, opened, track, 2);
  assert.deepEqual(plain(second as SimClip), plain(first as SimClip));
  opened.device.click("new_seed");
  const [, , third] = await press(simulation, opened, track, 3);
  assert.notEqual(opened.device.value("seed"), 77);
  assert.notDeepEqual(plain(third as SimClip), plain(first as SimClip));
  opened.device.click("new_seed");
  opened.device.turn("seed", 5);
  opened.device.click("random_seed");
  assert.notEqual(opened.device.value("seed"), 5);
});

whole("Continue uses the selected clip, which does not change", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track);
  const slot = track.slots[2];
  assert.ok(slot);
  const primer = slot.place(new Clip(slot, { length: 4 })).fill(TUNE);
  const before = JSON.stringify(primer.notes);
  simulation.world.set.view.detailClip = primer;
  opened.device.click("tool_continue");
  assert.equal(opened.device.text("go"), "Continue");
  await press(simulation, opened, track, 2);
  const written = track.slots[3]?.clip;
  assert.ok(written, "the new clip is in the slot after the primer's");
  assert.ok(written.notes.length > 0);
  assert.equal(JSON.stringify(primer.notes), before);
});

whole(
  "Continue uses a clip of the Arrangement, and puts the new clip after it",
  async (simulation) => {
    const track = simulation.track();
    const opened = await ready(simulation, track);
    const primer = track.arrange(8, 4).fill(TUNE);
    track.arrange(16, 4);
    simulation.world.set.view.detailClip = primer;
    opened.device.click("tool_continue");
    opened.device.turn("bars", 2);
    opened.device.click("go");
    await simulation.until("a third clip", () => track.clips.length === 3);
    const starts = track.clips.map((clip) => clip.number("start_time"));
    assert.deepEqual(starts, [8, 16, 20], "existing clips are not overlapped");
  },
);

whole("of four variations one is in a clip; others are kept or dropped", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track);
  const { device } = opened;
  device.turn("variations", 4);
  await press(simulation, opened, track, 1);
  assert.equal(device.text("candidate"), "1 of 4");
  device.click("next");
  assert.equal(device.text("candidate"), "2 of 4");
  device.click("keep");
  const [first, second] = clipsOf(track);
  assert.ok(first && second);
  assert.notDeepEqual(plain(second), plain(first));
  device.click("drop");
  assert.match(device.text("candidate"), / of 3$/);
  device.click("previous");
  assert.equal(device.text("candidate"), "1 of 3");
  assert.equal(clipsOf(track).filter(Boolean).length, 2, "dropping deletes no clip");
});

whole("audition plays a candidate through the track, and every note ends", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track);
  const { device } = opened;
  device.turn("bars", 1);
  const [clip] = await press(simulation, opened, track, 1);
  simulation.speed = 20;
  device.click("audition");
  const starts = (): number => device.sentMidi.filter(({ bytes }) => isStart(bytes)).length;
  await simulation.until("all notes", () => starts() === clip?.notes.length);
  await simulation.until("silence", () => device.sounding.length === 0);
  const pitches = device.sentMidi
    .filter(({ bytes }) => isStart(bytes))
    .map(({ bytes }) => bytes[1]);
  assert.deepEqual(pitches.sort(), clip?.notes.map(({ pitch }) => pitch).sort());
});

const isStart = ([status = 0, , velocity = 0]: number[]): boolean =>
  status >> 4 === 9 && velocity > 0;

whole("Cancel stops generation, and the next press works", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track, "lstm_melody");
  const { device } = opened;
  device.turn("bars", 64);
  device.turn("variations", 8);
  device.click("go");
  await simulation.until("progress", () => /bar [2-9]/.test(device.text("progress")));
  device.click("cancel");
  assert.match(device.text("progress"), /Canceled/);
  assert.equal(clipsOf(track).filter(Boolean).length, 0);
  device.turn("bars", 1);
  device.turn("variations", 1);
  await press(simulation, opened, track, 1);
});

whole("a Set that is saved and opened again has its settings", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track, "gru_melody");
  const { device } = opened;
  device.click("tool_continue");
  device.turn("bars", 7);
  device.turn("seed", 4711);
  device.turn("temperature", 0.5);
  const kept = JSON.parse(JSON.stringify(device.save()));
  await simulation.remove(opened);
  simulation.world.set.reload();
  const again = simulation.drag(track, undefined, kept);
  await simulation.status(again, /generators? at/);
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

whole("two devices in one Set use their own tracks", async (simulation) => {
  const tracks = [simulation.track("Keys"), simulation.track("Bass")];
  const opened = await Promise.all(tracks.map((track) => ready(simulation, track)));
  opened[0]?.device.turn("seed", 1);
  opened[1]?.device.turn("seed", 2);
  for (const { device } of opened) device.click("go");
  await simulation.until("both", () => tracks.every((track) => clipsOf(track)[0] !== null));
  const [first, second] = tracks.map((track) => clipsOf(track)[0] as SimClip);
  assert.notDeepEqual(plain(first as SimClip), plain(second as SimClip));
  await simulation.remove(opened[0] as OpenDevice);
  await press(simulation, opened[1] as OpenDevice, tracks[1] as SimTrack, 2);
});

whole("the status line shows why a command is refused", async (simulation) => {
  const track = simulation.track();
  const opened = await ready(simulation, track);
  opened.device.click("tool_continue");
  opened.device.click("go");
  assert.match(opened.device.text("status"), /[Ss]elect a MIDI clip/);
  opened.device.click("tool_generate");
  assert.match(opened.device.text("status"), /generators? at/);
});
