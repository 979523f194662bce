import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveNote } from "../../core/host/live_port.ts";
import { SimClip } from "../../sim/live_clip.ts";
import type { SimTrack } from "../../sim/live_track.ts";
import type { Atom } from "../../sim/lom_object.ts";
import { DRUMS as DRUMS_BUNDLE, sharedServer } from "../server.ts";
import { LiveFixture, type PluggedDevice } from "./fixture.ts";

const server = sharedServer("--bundle", DRUMS_BUNDLE);

const DRUMS = 0;
const MELODY = 1;

const scale = (from: number, count: number): LiveNote[] =>
  Array.from({ length: count }, (_, index) => ({
    pitch: 60 + ((index * 2) % 12),
    start_time: from + index,
    duration: 0.9,
    velocity: 90.5,
  }));

interface Scene {
  fixture: LiveFixture;
  track: SimTrack;
  device: PluggedDevice;
}

async function scene(generator = MELODY): Promise<Scene> {
  const fixture = new LiveFixture(server.http);
  fixture.set.put("tempo", 97.31);
  const track = fixture.set.addTrack("Keys");
  const device = await fixture.connect(track);
  device.control("tool_continue", 1);
  device.control("generator", generator);
  device.control("new_seed", 0);
  device.control("bars", 2);
  return { fixture, track, device };
}

function inSession(track: SimTrack, row: number, notes: LiveNote[], length: number): SimClip {
  const slot = track.slots[row];
  assert.ok(slot);
  return slot.place(new SimClip(slot, { length })).fill(notes);
}

function shape(clip: SimClip, values: Record<string, Atom>): void {
  for (const [name, value] of Object.entries(values)) clip.put(name, value);
}

/** Continue the clip, and return the new clip. */
async function written({ fixture, track, device }: Scene, clip: SimClip): Promise<SimClip> {
  const known = new Set([...track.clips, ...track.slots.map((slot) => slot.clip)]);
  fixture.set.view.detailClip = clip;
  const before = JSON.stringify(clip.notes);
  device.control("go");
  const found = () =>
    [...track.clips, ...track.slots.map((slot) => slot.clip)].find(
      (one) => one !== null && !known.has(one),
    );
  await fixture.until(() => (found()?.notes.length ?? 0) > 0 && found()?.read("name")?.[0] !== "");
  assert.equal(JSON.stringify(clip.notes), before, "the selected clip is unchanged");
  return found() as SimClip;
}

test("a Session clip continues in the next empty slot of its track", async () => {
  const one = await scene();
  const clip = inSession(one.track, 2, scale(0, 8), 8);
  inSession(one.track, 3, [], 4);
  const next = await written(one, clip);
  assert.equal(one.track.slots[4]?.clip, next);
  assert.equal(next.number("loop_end"), 8);
  assert.ok(next.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  one.fixture.end();
});

test("an Arrangement clip continues after its end, or at the next free place", async () => {
  const one = await scene();
  const clip = one.track.arrange(16, 8).fill(scale(0, 8));
  const next = await written(one, clip);
  assert.equal(next.number("start_time"), 24);
  one.track.arrange(32, 4);
  const third = await written(one, next);
  assert.equal(third.number("start_time"), 36);
  assert.deepEqual(one.fixture.set.undoSteps.slice(0, 3), [
    "create_midi_clip",
    "add_new_notes",
    "set name",
  ]);
  one.fixture.end();
});

/** Check that two clips have the same continuation. */
async function soundAlike(left: (track: SimTrack) => SimClip, right: (track: SimTrack) => SimClip) {
  const [one, two] = [await scene(), await scene()];
  const a = await written(one, left(one.track));
  const b = await written(two, right(two.track));
  assert.deepEqual(a.plainNotes, b.plainNotes);
  one.fixture.end();
  two.fixture.end();
}

test("only the loop of a clip is used", () =>
  soundAlike(
    (track) => inSession(track, 0, scale(0, 4), 4),
    (track) => {
      const clip = inSession(track, 0, [...scale(4, 4), ...scale(20, 4)], 24);
      shape(clip, { loop_start: 4, loop_end: 8, start_marker: 4 });
      return clip;
    },
  ));

test("a cropped clip is used as it is cropped", () =>
  soundAlike(
    (track) => inSession(track, 0, scale(0, 4), 4),
    (track) => {
      const clip = inSession(
        track,
        0,
        [{ pitch: 80, start_time: 0, duration: 1 }, ...scale(8, 4)],
        16,
      );
      shape(clip, { looping: 0, start_marker: 8, end_marker: 12 });
      return clip;
    },
  ));

test("a loop that the Arrangement repeats is used as often", () =>
  soundAlike(
    (track) => track.arrange(0, 8).fill([...scale(0, 4), ...scale(0, 4).map(moved(4))]),
    (track) => {
      const clip = track.arrange(0, 8).fill(scale(0, 4));
      shape(clip, { loop_end: 4, end_marker: 4 });
      return clip;
    },
  ));

test("muted notes are ignored", () =>
  soundAlike(
    (track) => inSession(track, 0, scale(0, 4), 4),
    (track) => {
      const muted = { pitch: 90, start_time: 0.5, duration: 1, mute: 1 };
      return inSession(track, 0, [muted, ...scale(0, 4)], 4);
    },
  ));

const moved = (beats: number) => (note: LiveNote) => ({
  ...note,
  start_time: note.start_time + beats,
});

test("a clip on another track continues on that track", async () => {
  const one = await scene();
  const other = one.fixture.set.addTrack("Drums");
  const kick = [0, 1, 2, 3].map((start_time) => ({ pitch: 36, start_time, duration: 0.25 }));
  const clip = inSession(other, 0, kick, 4);
  one.device.control("generator", DRUMS);
  one.fixture.set.view.detailClip = clip;
  one.device.control("go");
  await one.fixture.until(() => (other.slots[1]?.clip?.notes.length ?? 0) > 0);
  const pitches = new Set(other.slots[1]?.clip?.notes.map((note) => note.pitch));
  assert.ok(
    [...pitches].every((pitch) => pitch >= 35 && pitch <= 81),
    [...pitches].join(" "),
  );
  one.fixture.end();
});

test("an empty clip, and a missing clip, are refused", async () => {
  const one = await scene();
  one.device.control("go");
  assert.match(one.device.text("status"), /Select a MIDI clip/);
  one.fixture.set.view.detailClip = inSession(one.track, 0, [], 4);
  one.device.control("go");
  assert.match(one.device.text("status"), /no audible notes/);
  assert.deepEqual(one.fixture.set.undoSteps, []);
  one.fixture.end();
});
