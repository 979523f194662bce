import assert from "node:assert/strict";
import { test } from "node:test";
import { liveApiFor } from "../../sim/live_api.ts";
import { SimClip } from "../../sim/live_clip.ts";
import { LiveSet } from "../../sim/live_set.ts";

function world() {
  const set = new LiveSet();
  const track = set.addTrack("Keys");
  const device = set.addDevice(track);
  const state = { ready: true };
  const LiveAPI = liveApiFor({ set, device, ready: () => state.ready, keep: () => {} });
  return { set, track, device, state, LiveAPI };
}

test("an object that is created before the bang of live.thisdevice stays invalid", () => {
  const { LiveAPI, state, set } = world();
  state.ready = false;
  const early = new LiveAPI("live_set");
  state.ready = true;
  assert.equal(early.id, "0");
  assert.deepEqual(early.get("tempo"), [0]);
  assert.equal(set.console.length, 1);
});

test("values are lists, and children are pairs of a word and an id", () => {
  const { LiveAPI, set, track } = world();
  const api = new LiveAPI("live_set");
  assert.deepEqual(api.get("tempo"), [120]);
  assert.deepEqual(api.get("tracks"), ["id", set.idOf(track)]);
  assert.deepEqual(new LiveAPI("live_set view").get("detail_clip"), ["id", 0]);
});

test("notes are JSON; the old functions do not exist", () => {
  const { LiveAPI, set, track } = world();
  const slot = track.slots[0];
  slot?.place(new SimClip(slot, { length: 4 })).fill([{ pitch: 60, start_time: 0, duration: 1 }]);
  const clip = new LiveAPI("live_set tracks 0 clip_slots 0 clip");
  const answer = clip.call("get_all_notes_extended");
  assert.equal(typeof answer, "string");
  assert.equal(JSON.parse(String(answer)).notes[0].velocity, 100);
  for (const old of ["get_notes", "set_notes", "replace_selected_notes"]) clip.call(old);
  assert.equal(set.console.length, 3);
});

test("a slot with a clip, and an audio track, accept no new clip", () => {
  const { LiveAPI, set } = world();
  set.addTrack("Vocals", false);
  const slot = new LiveAPI("live_set tracks 0 clip_slots 0");
  slot.call("create_clip", 4);
  slot.call("create_clip", 8);
  new LiveAPI("live_set tracks 1 clip_slots 0").call("create_clip", 4);
  assert.deepEqual(set.undoSteps, ["create_clip"]);
  assert.equal(set.console.length, 2);
});

test("one unknown id, and no note is modified", () => {
  const { LiveAPI, set, track } = world();
  const slot = track.slots[0];
  const sim = slot?.place(new SimClip(slot, { length: 4 }));
  sim?.fill([{ pitch: 60, start_time: 0, duration: 1 }]);
  const id = sim?.notes[0]?.note_id;
  const clip = new LiveAPI("live_set tracks 0 clip_slots 0 clip");
  const change = (ids: (number | undefined)[]) => ({
    notes: ids.map((note_id) => ({ note_id, pitch: 61 })),
  });
  clip.call("apply_note_modifications", change([id, 999_999]));
  assert.equal(sim?.notes[0]?.pitch, 60);
  clip.call("apply_note_modifications", change([id]));
  assert.equal(sim?.notes[0]?.pitch, 61);
  assert.equal(set.console.length, 1);
});

test("an observer is called immediately and at each change, and may change nothing", () => {
  const { LiveAPI, set } = world();
  const received: unknown[] = [];
  const api = new LiveAPI((args: unknown) => {
    received.push(args);
    new LiveAPI("live_set").set("tempo", 99);
  }, "live_set");
  api.property = "is_playing";
  set.changeByUser(() => set.put("is_playing", 1));
  assert.deepEqual(received.at(0), ["id", Number(api.id)]);
  assert.deepEqual(received.slice(1), [
    ["is_playing", 0],
    ["is_playing", 1],
  ]);
  assert.equal(set.number("tempo"), 120);
  assert.equal(set.console.length, 3);
});

test("ids change when the Set is opened again, and a deleted object has none", () => {
  const { LiveAPI, set, track } = world();
  const before = new LiveAPI("live_set tracks 0").id;
  set.reload();
  assert.notEqual(new LiveAPI("live_set tracks 0").id, before);
  assert.equal(new LiveAPI(`id ${before}`).id, "0");
  const api = new LiveAPI("live_set tracks 0");
  set.tracks.splice(set.tracks.indexOf(track), 1);
  assert.equal(api.id, "0");
});

test("a new clip in the Arrangement replaces the clips that it overlaps", () => {
  const { LiveAPI, track } = world();
  track.arrange(0, 8);
  new LiveAPI("live_set tracks 0").call("create_midi_clip", 4, 4);
  assert.deepEqual(
    track.clips.map((clip) => clip.number("start_time")),
    [4],
  );
});
