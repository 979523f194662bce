/**
 * Checks for the self-test that Live preserves a note, in a temporary clip.
 *
 * The clip is deleted only if it is still the created one and contains only the test note.
 */

import type { LiveNote } from "../core/host/live_port.ts";
import { ownTrack } from "./clip_placement.ts";
import type { LiveObject } from "./live_object.ts";

const PROBE: LiveNote = {
  pitch: 61,
  start_time: 1 / 3,
  duration: 1 / 7,
  velocity: 99.5,
  mute: 0,
  probability: 0.625,
  velocity_deviation: -7,
  release_velocity: 33,
};

/** Return "exact", or the problem. */
export function probeClip(): string {
  const slot = ownTrack()
    .children("clip_slots")
    .find((one) => one.number("has_clip") === 0);
  if (slot === undefined) return "no empty slot on the track";
  slot.call("create_clip", 4);
  const clip = slot.child("clip");
  if (clip === null || !clip.exists) return "Live created no clip";
  clip.call("add_new_notes", { notes: [PROBE] });
  const notes = clip.notes();
  const found = compare(notes);
  return remove(slot, clip.id, notes) ? found : `${found}; the temporary clip was not deleted`;
}

function compare(notes: LiveNote[]): string {
  const note = notes[0];
  if (notes.length !== 1 || note === undefined) return `${notes.length} notes instead of 1`;
  const keys = Object.keys(PROBE) as (keyof LiveNote)[];
  const other = keys.filter((key) => note[key] !== PROBE[key]);
  return other.length === 0
    ? "exact"
    : `changed: ${other.map((key) => `${key} ${note[key]}`).join(", ")}`;
}

function remove(slot: LiveObject, instance: number, notes: LiveNote[]): boolean {
  const mine = notes.length <= 1 && notes.every((note) => note.pitch === PROBE.pitch);
  if (!mine || slot.child("clip")?.id !== instance) return false;
  slot.call("delete_clip");
  return slot.number("has_clip") === 0;
}
