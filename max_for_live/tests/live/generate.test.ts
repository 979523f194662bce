import assert from "node:assert/strict";
import { test } from "node:test";
import { SimClip } from "../../sim/live_clip.ts";
import { SimChain, SimDevice, type SimTrack } from "../../sim/live_track.ts";
import { DRUMS, sharedServer } from "../server.ts";
import { LiveFixture } from "./fixture.ts";

const server = sharedServer("--bundle", DRUMS);

const clipsOf = (track: SimTrack) => track.slots.map((slot) => slot.clip);
const count = (track: SimTrack) => clipsOf(track).filter((clip) => clip !== null).length;

/** Return a connected device on the second of two tracks. */
async function connected() {
  const fixture = new LiveFixture(server.http);
  fixture.set.addTrack("Bass");
  const track = fixture.set.addTrack("Keys");
  return { fixture, track, device: await fixture.connect(track) };
}

test("Generate puts a new clip into the next empty slot, and changes nothing else", async () => {
  const { fixture, track, device } = await connected();
  const other = track.slots[0]?.place(new SimClip(track.slots[0], { length: 4 }));
  other?.fill([{ pitch: 60, start_time: 0, duration: 1 }]);
  const before = JSON.stringify(other?.notes);
  device.control("generator", 1);
  device.control("bars", 2);
  device.control("go");
  await fixture.until(() => count(track) === 2);
  const clip = track.slots[1]?.clip;
  assert.ok(clip && clip.notes.length > 0);
  assert.equal(clip.number("loop_end"), 8);
  assert.ok(clip.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  assert.notEqual(clip.read("name")?.[0], "");
  assert.equal(JSON.stringify(other?.notes), before);
  assert.equal(count(fixture.set.tracks[0] as SimTrack), 0);
  assert.deepEqual(fixture.set.undoSteps, ["create_clip", "add_new_notes", "set name"]);
  fixture.end();
});

test("a scene is added if all slots are full", async () => {
  const { fixture, track, device } = await connected();
  for (const slot of track.slots) slot.place(new SimClip(slot, { length: 4 }));
  device.control("go");
  await fixture.until(() => track.slots.length === 9 && track.slots[8]?.clip !== null);
  assert.equal(fixture.set.undoSteps[0], "create_scene");
  fixture.end();
});

test("in the Arrangement the clip is at the next free bar", async () => {
  const { fixture, track, device } = await connected();
  fixture.set.app.view.put("focused_document_view", "Arranger");
  fixture.set.put("current_song_time", 5.5);
  track.arrange(10, 6);
  device.control("bars", 1);
  device.control("go");
  await fixture.until(() => track.clips.length === 2);
  assert.equal(track.clips[1]?.number("start_time"), 16);
  assert.equal(track.clips[0]?.number("end_time"), 16, "the existing clip is unchanged");
  fixture.end();
});

test("in the Arrangement bars are counted from the last change of meter", async () => {
  const { fixture, track, device } = await connected();
  fixture.set.app.view.put("focused_document_view", "Arranger");
  fixture.set.put("signature_numerator", 3);
  fixture.set.barLine = 16;
  fixture.set.put("current_song_time", 23);
  device.control("go");
  await fixture.until(() => track.clips.length === 1);
  assert.equal(track.clips[0]?.number("start_time"), 25);
  fixture.end();
});

test("a device within racks finds its track", async () => {
  const { fixture, track } = await connected();
  const rack = new SimDevice(track, "RackDevice");
  const chain = new SimChain(rack, "DrumChain");
  const inner = new SimDevice(chain, "RackDevice");
  const innerChain = new SimChain(inner);
  const device = new SimDevice(innerChain);
  track.devices.push(rack);
  rack.chains.push(chain);
  chain.devices.push(inner);
  inner.chains.push(innerChain);
  innerChain.devices.push(device);
  const plugged = await (await fixture.plugIn(device)).connected();
  plugged.control("go");
  await fixture.until(() => count(track) === 1);
  fixture.end();
});

test("a track that is moved during generation gets its clip", async () => {
  const { fixture, track, device } = await connected();
  device.control("go");
  fixture.set.changeByUser(() => fixture.set.tracks.reverse());
  await fixture.until(() => count(track) === 1);
  assert.equal(count(fixture.set.tracks[1] as SimTrack), 0);
  fixture.end();
});

test("a track that is deleted during generation is an error, and no clip is created", async () => {
  const { fixture, device } = await connected();
  const bass = fixture.set.tracks[0] as SimTrack;
  bass.slots[0]
    ?.place(new SimClip(bass.slots[0], { length: 4 }))
    .fill([{ pitch: 40, start_time: 0, duration: 1 }]);
  fixture.set.view.detailClip = bass.slots[0]?.clip ?? null;
  device.control("tool_continue", 1);
  device.control("go");
  fixture.set.changeByUser(() => fixture.set.tracks.splice(0, 1));
  await fixture.until(() => /track was deleted/.test(device.text("status")));
  assert.deepEqual(fixture.set.undoSteps, []);
  fixture.end();
});

test("a frozen track is an error that says what to do", async () => {
  const { fixture, track, device } = await connected();
  track.frozen = true;
  device.control("go");
  await fixture.until(() => /Unfreeze the track/.test(device.text("status")));
  fixture.set.console.length = 0;
  fixture.end();
});

test("a missing clip and an audio clip have different messages", async () => {
  const { fixture, device } = await connected();
  const audio = fixture.set.addTrack("Vocals", false);
  const slot = audio.slots[0];
  assert.ok(slot);
  device.control("tool_continue", 1);
  device.control("go");
  assert.equal(device.text("status"), "Select a MIDI clip to continue.");
  const clip = slot.place(new SimClip(slot, { length: 4, midi: false }));
  fixture.set.view.detailClip = clip;
  device.control("go");
  const rest = "is an audio clip. Select a MIDI clip to continue.";
  assert.equal(device.text("status"), `The selected clip ${rest}`);
  clip.write("name", "Take 1");
  device.control("go");
  assert.equal(device.text("status"), `The clip "Take 1" ${rest}`);
  device.control("tool_generate", 1);
  device.control("go");
  assert.doesNotMatch(device.text("status"), /audio/);
  fixture.end();
});
