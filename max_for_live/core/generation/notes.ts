/**
 * Live's notes as the server's, and back, exactly.
 *
 * A NoteSequence knows neither a note's identity nor its probability, release velocity and the
 * rest, and its end time cannot always give the duration back: in floating point (a + b) - a need
 * not be b. So what was sent stays at hand, and a note that comes back unchanged is that note.
 */

import type { LiveNote } from "../host/live_port.ts";
import type { Note, NoteSequence } from "../transport/messages.ts";
import { toBeats, toSeconds } from "./beats.ts";

/** How beats are told to the server. */
export interface Clock {
  /** A tempo of `exactTempo`. */
  qpm: number;
  numerator: number;
  denominator: number;
}

/** The notes that were sent, by what the server sees of them. */
export type SentNotes = Map<string, LiveNote[]>;

export interface Encoded {
  sequence: NoteSequence;
  sent: SentNotes;
}

const DEFAULT_VELOCITY = 100;

/**
 * Writes notes as a sequence. Muted ones are left out: nobody hears them.
 *
 * `length`, in beats, is how long the music lasts where it ends with a rest.
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

/** Tempo and meter, which every primer carries, an empty one as well. */
export function header(clock: Clock): NoteSequence {
  return {
    tempos: [{ time: 0, qpm: clock.qpm }],
    timeSignatures: [{ time: 0, numerator: clock.numerator, denominator: clock.denominator }],
  };
}

/**
 * Reads a sequence that was written at `qpm`.
 *
 * With `sent`, a note that is still what was sent comes back with all that Live knew of it, its
 * id included; each once. Others are new notes.
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

/** The duration which, added to `start`, gives `end` again to the last bit where one does. */
export function durationBetween(start: number, end: number): number {
  const duration = end - start;
  const missing = end - (start + duration);
  const better = duration + missing;
  return Math.abs(end - (start + better)) < Math.abs(missing) ? better : duration;
}

/** 1 to 127: a NoteSequence has no fractions, and velocity 0 would end a note. */
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
