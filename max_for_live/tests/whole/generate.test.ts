/** A musician at the main device, from its file, against a real server. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LiveNote } from "../../core/host/live_port.ts";
import type { SimClip } from "../../sim/live_clip.ts";
import { SimClip as Clip } from "../../sim/live_clip.ts";
import type { SimTrack } from "../../sim/live_track.ts";
import type { Opened } from "../../sim/objects/open.ts";
import { clipsOf, Stage } from "../../sim/stage.ts";
import { MELODY } from "../node/node_half.ts";
import { Server } from "../node/server.ts";

let server: Server;
before(async () => {
  server = await Server.start("--bundle", MELODY.replace(/lstm/g, "gru"));
});
after(() => server.kill());

/** Runs a test on a stage of its own, on which nothing may be complained of. */
function whole(name: string, act: (stage: Stage) => Promise<void>): void {
  test(name, async () => {
    const stage = new Stage({ grpc: server.grpc });
    try {
      await act(stage);
      assert.deepEqual(stage.world.complaints, []);
    } finally {
      await stage.close();
    }
    assert.deepEqual(stage.world.complaints, []);
  });
}

/** A device that is connected, with a generator chosen and seeds that stay. */
async function ready(stage: Stage, track: SimTrack, generator = "lstm_melody"): Promise<Opened> {
  const opened = stage.drag(track);
  await stage.strip(opened, /generators? at/);
  opened.device.choose("generator", generator);
  opened.device.click("new_seed");
  return opened;
}

/** Presses the large button and waits for that many clips on the track. */
async function press(stage: Stage, { device }: Opened, track: SimTrack, clips: number) {
  device.click("go");
  await stage.until(`clip ${clips}`, () => clipsOf(track).filter(Boolean).length >= clips);
  await stage.until("the end of the work", () => !device.control("cancel").active);
  return clipsOf(track).filter((clip): clip is SimClip => clip !== null);
}

const plain = (clip: SimClip): LiveNote[] => clip.notes.map(({ note_id, ...note }) => note);

const TUNE: LiveNote[] = [0, 1, 2, 3].map((beat) => ({
  pitch: 60 + 2 * beat,
  start_time: beat,
  duration: 1,
  velocity: 80,
}));

whole("press Generate, and a new clip of that length appears, in two undo steps", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  opened.device.turn("bars", 2);
  const before = stage.world.set.undoSteps.length;
  const [clip] = await press(stage, opened, track, 1);
  assert.ok(clip);
  assert.equal(clip.number("length"), 8);
  assert.match(clip.read("name")?.join(" ") ?? "", /lstm_melody/);
  assert.ok(clip.notes.length > 4);
  assert.ok(clip.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  const steps = stage.world.set.undoSteps.slice(before);
  assert.equal(steps.filter((step) => step === "add_new_notes").length, 1);
  assert.ok(steps.length <= 3, steps.join(", "));
  assert.equal(opened.device.text("path"), "gRPC");
});

whole("equal seeds give equal notes, and a new seed others", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  opened.device.turn("seed", 77);
  const [first] = await press(stage, opened, track, 1);
  const [, second] = await press(stage, opened, track, 2);
  assert.deepEqual(plain(second as SimClip), plain(first as SimClip));
  opened.device.click("new_seed");
  const [, , third] = await press(stage, opened, track, 3);
  assert.notEqual(opened.device.value("seed"), 77);
  assert.notDeepEqual(plain(third as SimClip), plain(first as SimClip));
  opened.device.click("new_seed");
  opened.device.turn("seed", 5);
  opened.device.click("dice");
  assert.notEqual(opened.device.value("seed"), 5);
});

whole("Continue goes on after the selected clip, which stays as it is", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  const slot = track.slots[2];
  assert.ok(slot);
  const primer = slot.place(new Clip(slot, { length: 4 })).fill(TUNE);
  const before = JSON.stringify(primer.notes);
  stage.world.set.view.detailClip = primer;
  opened.device.click("tool_continue");
  assert.equal(opened.device.text("go"), "Continue");
  await press(stage, opened, track, 2);
  const written = track.slots[3]?.clip;
  assert.ok(written, "the new clip is in the slot after the primer's");
  assert.ok(written.notes.length > 0);
  assert.equal(JSON.stringify(primer.notes), before);
});

whole("Continue takes a clip of the Arrangement, and writes behind it", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  const primer = track.arrange(8, 4).fill(TUNE);
  track.arrange(16, 4);
  stage.world.set.view.detailClip = primer;
  opened.device.click("tool_continue");
  opened.device.turn("bars", 2);
  opened.device.click("go");
  await stage.until("a third clip", () => track.clips.length === 3);
  const starts = track.clips.map((clip) => clip.number("start_time"));
  assert.deepEqual(starts, [8, 16, 20], "nothing is laid over what was there");
});

whole("of four variations one is in a clip; others are kept or dropped", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  const { device } = opened;
  device.turn("variations", 4);
  await press(stage, opened, track, 1);
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
  assert.equal(clipsOf(track).filter(Boolean).length, 2, "to drop takes no clip away");
});

whole("a candidate is auditioned through the track, and every note ends", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  const { device } = opened;
  device.turn("bars", 1);
  const [clip] = await press(stage, opened, track, 1);
  stage.hurry = 20;
  device.click("audition");
  const starts = (): number => device.sounded.filter(({ bytes }) => isStart(bytes)).length;
  await stage.until("all notes", () => starts() === clip?.notes.length);
  await stage.until("silence", () => device.sounding.length === 0);
  const pitches = device.sounded.filter(({ bytes }) => isStart(bytes)).map(({ bytes }) => bytes[1]);
  assert.deepEqual(pitches.sort(), clip?.notes.map(({ pitch }) => pitch).sort());
});

const isStart = ([status = 0, , velocity = 0]: number[]): boolean =>
  status >> 4 === 9 && velocity > 0;

whole("Cancel stops the work, and the next press works", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track, "lstm_melody");
  const { device } = opened;
  device.turn("bars", 64);
  device.turn("variations", 8);
  device.click("go");
  await stage.until("progress", () => /bar [2-9]/.test(device.text("progress")));
  device.click("cancel");
  assert.match(device.text("progress"), /Canceled/);
  assert.equal(clipsOf(track).filter(Boolean).length, 0);
  device.turn("bars", 1);
  device.turn("variations", 1);
  await press(stage, opened, track, 1);
});

whole("a Set that is saved and opened again has its settings", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track, "gru_melody");
  const { device } = opened;
  device.click("tool_continue");
  device.turn("bars", 7);
  device.turn("seed", 4711);
  device.turn("temperature", 0.5);
  const kept = JSON.parse(JSON.stringify(device.save()));
  await stage.remove(opened);
  stage.world.set.reload();
  const again = stage.drag(track, undefined, kept);
  await stage.strip(again, /generators? at/);
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

whole("two devices in one Set write on their own tracks", async (stage) => {
  const tracks = [stage.track("Keys"), stage.track("Bass")];
  const opened = await Promise.all(tracks.map((track) => ready(stage, track)));
  opened[0]?.device.turn("seed", 1);
  opened[1]?.device.turn("seed", 2);
  for (const { device } of opened) device.click("go");
  await stage.until("both", () => tracks.every((track) => clipsOf(track)[0] !== null));
  const [first, second] = tracks.map((track) => clipsOf(track)[0] as SimClip);
  assert.notDeepEqual(plain(first as SimClip), plain(second as SimClip));
  await stage.remove(opened[0] as Opened);
  await press(stage, opened[1] as Opened, tracks[1] as SimTrack, 2);
});

whole("what cannot be done is said on the strip", async (stage) => {
  const track = stage.track();
  const opened = await ready(stage, track);
  opened.device.click("tool_continue");
  opened.device.click("go");
  assert.match(opened.device.text("status"), /[Ss]elect a MIDI clip/);
  opened.device.click("tool_generate");
  assert.match(opened.device.text("status"), /generators? at/);
});
