import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SimClip } from "../../sim/live_clip.ts";
import { SimChain, SimDevice, type SimTrack } from "../../sim/live_track.ts";
import { type Server, startServer } from "./server.ts";
import { Stage } from "./stage.ts";

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.kill());

const clipsOf = (track: SimTrack) => track.slots.map((slot) => slot.clip);
const count = (track: SimTrack) => clipsOf(track).filter((clip) => clip !== null).length;

function onTheTrack(): { stage: Stage; track: SimTrack } {
  const stage = new Stage(server.http);
  stage.set.addTrack("Bass");
  const track = stage.set.addTrack("Keys");
  return { stage, track };
}

test("Generate puts a new clip with notes into the next empty slot, and touches nothing else", async () => {
  const { stage, track } = onTheTrack();
  const other = track.slots[0]?.place(new SimClip(track.slots[0], { length: 4 }));
  other?.fill([{ pitch: 60, start_time: 0, duration: 1 }]);
  const before = JSON.stringify(other?.notes);
  const device = await (await stage.plug(track)).connected();
  device.control("generator", 1);
  device.control("bars", 2);
  device.control("go");
  await stage.until(() => count(track) === 2);
  const clip = track.slots[1]?.clip;
  assert.ok(clip && clip.notes.length > 0);
  assert.equal(clip.number("loop_end"), 8);
  assert.ok(clip.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  assert.notEqual(clip.read("name")?.[0], "");
  assert.equal(JSON.stringify(other?.notes), before);
  assert.equal(count(stage.set.tracks[0] as SimTrack), 0);
  assert.deepEqual(stage.set.undoSteps, ["create_clip", "add_new_notes", "set name"]);
  stage.end();
});

test("the same seed writes the same notes", async () => {
  const { stage, track } = onTheTrack();
  const device = await (await stage.plug(track)).connected();
  device.control("new_seed", 0);
  device.control("seed", 7);
  for (const clips of [1, 2]) {
    device.control("go");
    await stage.until(
      () => count(track) === clips && clipsOf(track)[clips - 1]?.notes.length !== 0,
    );
  }
  const plain = clipsOf(track)
    .slice(0, 2)
    .map((clip) => clip?.notes.map(({ note_id: _, ...note }) => note));
  assert.deepEqual(plain[0], plain[1]);
  stage.end();
});

test("with all slots taken a scene is added", async () => {
  const { stage, track } = onTheTrack();
  for (const slot of track.slots) slot.place(new SimClip(slot, { length: 4 }));
  const device = await (await stage.plug(track)).connected();
  device.control("go");
  await stage.until(() => track.slots.length === 9 && track.slots[8]?.clip !== null);
  assert.equal(stage.set.undoSteps[0], "create_scene");
  stage.end();
});

test("in the Arrangement the clip comes at the next bar that is free", async () => {
  const { stage, track } = onTheTrack();
  stage.set.app.view.put("focused_document_view", "Arranger");
  stage.set.put("current_song_time", 5.5);
  track.arrange(10, 6);
  const device = await (await stage.plug(track)).connected();
  device.control("bars", 1);
  device.control("go");
  await stage.until(() => track.clips.length === 2);
  assert.equal(track.clips[1]?.number("start_time"), 16);
  assert.equal(track.clips[0]?.number("end_time"), 16, "what was there stays");
  stage.end();
});

test("a device within racks finds its track", async () => {
  const { stage, track } = onTheTrack();
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
  const plugged = await (await stage.plugIn(device)).connected();
  plugged.control("go");
  await stage.until(() => count(track) === 1);
  stage.end();
});

test("a track that moves while music is written still gets its clip", async () => {
  const { stage, track } = onTheTrack();
  const device = await (await stage.plug(track)).connected();
  device.control("go");
  stage.set.happens(() => stage.set.tracks.reverse());
  await stage.until(() => count(track) === 1);
  assert.equal(count(stage.set.tracks[1] as SimTrack), 0);
  stage.end();
});

test("a track that is deleted while music is written is told, and nothing is made", async () => {
  const { stage, track } = onTheTrack();
  const bass = stage.set.tracks[0] as SimTrack;
  bass.slots[0]
    ?.place(new SimClip(bass.slots[0], { length: 4 }))
    .fill([{ pitch: 40, start_time: 0, duration: 1 }]);
  stage.set.view.detailClip = bass.slots[0]?.clip ?? null;
  const device = await (await stage.plug(track)).connected();
  device.control("tool_continue", 1);
  device.control("go");
  stage.set.happens(() => stage.set.tracks.splice(0, 1));
  await stage.until(() => /track is gone/.test(device.text("status")));
  assert.deepEqual(stage.set.undoSteps, []);
  stage.end();
});

test("several variations: one clip at once, the others when they are kept", async () => {
  const { stage, track } = onTheTrack();
  const device = await (await stage.plug(track)).connected();
  device.control("variations", 3);
  device.control("bars", 1);
  device.control("go");
  await stage.until(() => /of 3/.test(device.text("candidate")));
  assert.equal(count(track), 1);
  device.control("next");
  device.control("keep");
  assert.equal(count(track), 2);
  assert.equal(device.host.from(2, "roll").length > 0, true);
  stage.end();
});

test("two devices on two tracks work side by side, and one going leaves the other", async () => {
  const { stage, track } = onTheTrack();
  const bass = stage.set.tracks[0] as SimTrack;
  const [one, two] = [await stage.plug(bass), await stage.plug(track)];
  one.ready();
  await two.connected();
  one.control("go");
  two.control("go");
  await stage.until(() => count(bass) === 1 && count(track) === 1);
  one.host.close();
  two.control("go");
  await stage.until(() => count(track) === 2);
  stage.end();
});

test("the Set is saved and opened again: the device finds everything anew", async () => {
  const { stage, track } = onTheTrack();
  const first = await (await stage.plug(track)).connected();
  first.control("go");
  await stage.until(() => count(track) === 1);
  first.host.close();
  stage.set.reload();
  const device = track.devices[0] as SimDevice;
  const second = await (await stage.plugIn(device)).connected();
  second.control("go");
  await stage.until(() => count(track) === 2);
  stage.end();
});

test("a frozen track says what to do", async () => {
  const { stage, track } = onTheTrack();
  track.frozen = true;
  const device = await (await stage.plug(track)).connected();
  device.control("go");
  await stage.until(() => /unfreeze/.test(device.text("status")));
  stage.set.console.length = 0;
  stage.end();
});

test("no clip, and a clip of audio, are refused each in words of its own", async () => {
  const { stage, track } = onTheTrack();
  const audio = stage.set.addTrack("Vocals", false);
  const slot = audio.slots[0];
  assert.ok(slot);
  const device = await (await stage.plug(track)).connected();
  device.control("tool_continue", 1);
  device.control("go");
  assert.equal(device.text("status"), "Select a MIDI clip to continue.");
  const clip = slot.place(new SimClip(slot, { length: 4, midi: false }));
  stage.set.view.detailClip = clip;
  device.control("go");
  const rest = "is audio and has no notes; select a MIDI clip to continue.";
  assert.equal(device.text("status"), `The clip that is selected ${rest}`);
  clip.write("name", "Take 1");
  device.control("go");
  assert.equal(device.text("status"), `The clip "Take 1" ${rest}`);
  device.control("tool_generate", 1);
  device.control("go");
  assert.doesNotMatch(device.text("status"), /audio/);
  stage.end();
});
