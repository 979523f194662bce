/** Places in the Set: tracks, slots, and free places for a new clip. */

import type { ClipPlace, Target } from "../core/host/live_port.ts";
import { barBeats, lastBarLine } from "./bar_line.ts";
import { LiveObject } from "./live_object.ts";

/** Beats; smaller overlaps are rounding errors. */
const EPSILON = 1e-6;
/** Approximate end of an Arrangement. */
const LAST_BEAT = 1_500_000;

/** Return the track that contains an object, at any depth of racks; null for none. */
function trackOf(object: LiveObject): LiveObject | null {
  let at: LiveObject | null = object;
  for (let depth = 0; at !== null && depth < 64; depth += 1) {
    if (at.type === "Track") return at;
    at = at.child("canonical_parent");
  }
  return null;
}

export function ownTrack(): LiveObject {
  const track = trackOf(LiveObject.at("this_device"));
  if (track === null)
    throw new Error("The device's track cannot be found. Put the device on a MIDI track.");
  return track;
}

/** Return a track by its id, which stays the same when the user moves tracks. */
export function trackById(id: number): LiveObject {
  const track = LiveObject.of(id);
  if (!track.exists)
    throw new Error("The track was deleted. Select a clip or a slot and press again.");
  return track;
}

export function placeOf(clip: LiveObject): ClipPlace | null {
  const track = trackOf(clip);
  if (track === null) return null;
  if (clip.number("is_arrangement_clip") === 1) {
    const [start, end] = [clip.number("start_time"), clip.number("end_time")];
    return { kind: "arrangement", track: track.id, start, end };
  }
  const slot = clip.child("canonical_parent");
  return {
    kind: "session",
    track: track.id,
    slot: track.ids("clip_slots").indexOf(slot?.id ?? -1),
  };
}

/** Return the place for a clip if none is selected, in the view that is open. */
export function ownPlace(): Target {
  const track = ownTrack();
  const set = LiveObject.at("live_set");
  const shown = LiveObject.at("live_app view").text("focused_document_view");
  if (shown === "Arranger") {
    const bar = barBeats(set);
    const now = Math.max(0, set.number("current_song_time"));
    const line = lastBarLine(set) ?? 0;
    const start = line + Math.ceil((now - line - EPSILON) / bar) * bar;
    return { kind: "arrangement", track: track.id, start };
  }
  const scene = LiveObject.at("live_set view").child("selected_scene");
  const row = set.ids("scenes").indexOf(scene?.id ?? -1);
  return { kind: "session", track: track.id, fromSlot: Math.max(0, row) };
}

/** Return the first empty slot from `from` on; create a scene if there is none. */
export function emptySlot(track: LiveObject, from: number): { slot: LiveObject; index: number } {
  const found = emptyIn(track, from);
  if (found !== null) return found;
  LiveObject.at("live_set").call("create_scene", -1);
  const added = emptyIn(track, from);
  if (added === null) {
    throw new Error(
      "There is no empty slot, and Live cannot add a scene. Delete a clip or a scene.",
    );
  }
  return added;
}

function emptyIn(track: LiveObject, from: number): { slot: LiveObject; index: number } | null {
  const ids = track.ids("clip_slots");
  for (let index = Math.max(0, from); index < ids.length; index += 1) {
    const slot = LiveObject.of(ids[index] as number);
    if (slot.exists && slot.number("has_clip") === 0) return { slot, index };
  }
  return null;
}

/** Return the first beat from `start` on with `length` free beats. */
export function freePlace(track: LiveObject, start: number, length: number): number {
  const taken = track
    .children("arrangement_clips")
    .map((clip) => ({ from: clip.number("start_time"), to: clip.number("end_time") }))
    .sort((a, b) => a.from - b.from);
  let at = Math.max(0, start);
  for (const { from, to } of taken) {
    if (to > at + EPSILON && from < at + length - EPSILON) at = to;
  }
  if (at + length > LAST_BEAT) throw new Error("The Arrangement has no room for the clip.");
  return at;
}
