/** Live's Set, read and written through LiveAPI. */

import type {
  ClipFacts,
  ClipPlace,
  LiveNote,
  LivePort,
  SetFacts,
  Target,
  Written,
} from "../core/host/live_port.ts";
import { emptySlot, freePlace, ownPlace, placeOf, trackById } from "./clip_placement.ts";
import { LiveObject } from "./live_object.ts";

/** Beats. */
const SHORTEST_NOTE = 1 / 1024;

export class LiveSetPort implements LivePort {
  facts(): SetFacts {
    const set = LiveObject.at("live_set");
    return {
      tempo: set.number("tempo") || 120,
      signatureNumerator: set.number("signature_numerator") || 4,
      signatureDenominator: set.number("signature_denominator") || 4,
      rootNote: set.number("root_note"),
      scaleName: set.text("scale_name"),
      scaleIntervals: set.numbers("scale_intervals"),
      scaleOn: set.number("scale_mode") === 1,
    };
  }

  selectedClip(): ClipFacts | null {
    const clip = detailClip();
    if (clip === null || !isMidi(clip)) return null;
    const place = placeOf(clip);
    return place === null ? null : readClip(clip, place);
  }

  selectedAudio(): string | null {
    const clip = detailClip();
    return clip === null || isMidi(clip) ? null : clip.text("name");
  }

  ownTarget(): Target {
    return ownPlace();
  }

  writeNewClip(target: Target, length: number, notes: LiveNote[], name: string): Written {
    const { clip, place } = makeClip(target, length);
    fill(clip, notes.map(newNote));
    // v8 needs no quotes around names with spaces; a rejected name is not an error.
    clip.set("name", name);
    return { place, name: clip.text("name") };
  }
}

/** Return the clip in the detail view; null for none. */
function detailClip(): LiveObject | null {
  const clip = LiveObject.at("live_set view").child("detail_clip");
  return clip?.exists ? clip : null;
}

function isMidi(clip: LiveObject): boolean {
  return clip.number("is_midi_clip") === 1;
}

function readClip(clip: LiveObject, place: ClipPlace): ClipFacts {
  return {
    name: clip.text("name"),
    place,
    looping: clip.number("looping") === 1,
    loopStart: clip.number("loop_start"),
    loopEnd: clip.number("loop_end"),
    startMarker: clip.number("start_marker"),
    endMarker: clip.number("end_marker"),
    length: place.kind === "arrangement" ? place.end - place.start : clip.number("length"),
    signatureNumerator: clip.number("signature_numerator") || 4,
    signatureDenominator: clip.number("signature_denominator") || 4,
    notes: clip.notes(),
  };
}

function makeClip(target: Target, length: number): { clip: LiveObject; place: ClipPlace } {
  const track = trackById(target.track);
  if (track.number("has_midi_input") !== 1) {
    throw new Error("The track does not accept MIDI. Select a clip or a slot on a MIDI track.");
  }
  return target.kind === "session"
    ? makeInSession(track, target.fromSlot, length)
    : makeInArrangement(track, target.start, length);
}

function makeInSession(track: LiveObject, from: number, length: number) {
  const { slot, index } = emptySlot(track, from);
  slot.call("create_clip", length);
  const clip = slot.child("clip");
  if (clip === null || !clip.exists) throw clipRefused();
  const place: ClipPlace = { kind: "session", track: track.id, slot: index };
  return { clip, place };
}

function makeInArrangement(track: LiveObject, wanted: number, length: number) {
  const start = freePlace(track, wanted, length);
  const before = new Set(track.ids("arrangement_clips"));
  const instance = track.make("create_midi_clip", start, length);
  const clip = instance?.exists ? instance : newcomer(track, before);
  if (clip === null || clip.number("is_arrangement_clip") !== 1) throw clipRefused();
  const place: ClipPlace = { kind: "arrangement", track: track.id, start, end: start + length };
  return { clip, place };
}

function newcomer(track: LiveObject, before: Set<number>): LiveObject | null {
  const id = track.ids("arrangement_clips").find((one) => !before.has(one));
  return id === undefined ? null : LiveObject.of(id);
}

function fill(clip: LiveObject, notes: LiveNote[]): void {
  if (notes.length === 0) return;
  clip.call("add_new_notes", { notes });
  if (clip.notes().length === 0) {
    throw new Error("Live created the clip without its notes. Undo, and press again.");
  }
}

function newNote(note: LiveNote): LiveNote {
  const { note_id: _, ...plain } = note;
  return {
    ...plain,
    pitch: Math.min(127, Math.max(0, Math.round(note.pitch))),
    duration: Math.max(SHORTEST_NOTE, note.duration),
    ...(note.velocity === undefined ? {} : { velocity: Math.min(127, Math.max(1, note.velocity)) }),
  };
}

function clipRefused(): Error {
  return new Error("Live cannot create a clip there. Unfreeze the track, or select another slot.");
}
