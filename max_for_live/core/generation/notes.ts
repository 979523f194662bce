/**
 * Lossless conversion between Live's notes and the server's.
 *
 * A NoteSequence has no note ids, probabilities or release velocities, and a duration computed from
 * its end time can differ in the last bit: in floating point (a + b) - a may differ from b. So the
 * sent notes are kept, and a note that returns unchanged is replaced by the original.
 */

import type { LiveNote } from "../host/live_port.ts";
import type { Note, NoteSequence } from "../transport/messages.ts";
import { toBeats, toSeconds } from "./beats.ts";

/** Tempo and meter of a request. */
export interface Clock {
  /** A tempo of `exactTempo`. */
  qpm: number;
  numerator: number;
  denominator: number;
}

/** The original notes, by the fields that the server receives. */
type SentNotes = Map<string, LiveNote[]>;

interface Encoded {
  sequence: NoteSequence;
  sent: SentNotes;
}

const DEFAULT_VELOCITY = 100;

/**
 * Encode notes as a NoteSequence, without muted notes.
 *
 * `length` in beats is the duration of music that ends with a rest.
 */
export function encodeNotes(notes: readonly LiveNote[], clock: Clock, length = 0): Encoded {
  const sent: SentNotes = new Map();
  const written: Note[] = [];
  let end = toSeconds(length, clock.qpm);
  for (const note of notes) {
    if (note.mute) continue;
    const coded = encodeNote(note, clock.qpm);
    written.push(coded);
    remember(sent, coded, note);
    end = Math.max(end, coded.endTime);
  }
  return { sequence: { ...header(clock), notes: written, totalTime: end }, sent };
}

/** Return tempo and meter, which every primer has, even an empty one. */
export function header(clock: Clock): NoteSequence {
  return {
    tempos: [{ time: 0, qpm: clock.qpm }],
    timeSignatures: [{ time: 0, numerator: clock.numerator, denominator: clock.denominator }],
  };
}

/**
 * Decode a sequence that was written at `qpm`.
 *
 * With `sent`, a note that equals a sent note becomes that original, including its id, each once.
 */
export function decodeNotes(sequence: NoteSequence, qpm: number, sent?: SentNotes): LiveNote[] {
  const used = new Map<string, number>();
  return (sequence.notes ?? []).map((note) => {
    const key = keyOf(note);
    const turn = used.get(key) ?? 0;
    used.set(key, turn + 1);
    const known = sent?.get(key)?.[turn];
    return known === undefined ? decodeNote(note, qpm) : { ...known };
  });
}

interface TimedNote extends Note {
  startTime: number;
  endTime: number;
}

function encodeNote(note: LiveNote, qpm: number): TimedNote {
  return {
    pitch: note.pitch,
    velocity: wholeVelocity(note.velocity),
    startTime: toSeconds(note.start_time, qpm),
    endTime: toSeconds(note.start_time + note.duration, qpm),
  };
}

function decodeNote(note: Note, qpm: number): LiveNote {
  const start = toBeats(note.startTime ?? 0, qpm);
  return {
    pitch: note.pitch ?? 0,
    start_time: start,
    duration: durationBetween(start, toBeats(note.endTime ?? 0, qpm)),
    velocity: note.velocity || DEFAULT_VELOCITY,
  };
}

/** Return the duration for which `start` plus duration is exactly `end`, if there is one. */
export function durationBetween(start: number, end: number): number {
  const duration = end - start;
  const missing = end - (start + duration);
  const better = duration + missing;
  return Math.abs(end - (start + better)) < Math.abs(missing) ? better : duration;
}

/** Return 1 to 127: a NoteSequence has no fractions, and velocity 0 would end a note. */
export function wholeVelocity(velocity: number | undefined): number {
  return Math.min(127, Math.max(1, Math.round(velocity ?? DEFAULT_VELOCITY)));
}

function remember(sent: SentNotes, coded: Note, note: LiveNote): void {
  const key = keyOf(coded);
  const same = sent.get(key);
  if (same === undefined) sent.set(key, [note]);
  else same.push(note);
}

function keyOf(note: Note): string {
  return `${note.pitch ?? 0} ${note.velocity ?? 0} ${note.startTime ?? 0} ${note.endTime ?? 0}`;
}
