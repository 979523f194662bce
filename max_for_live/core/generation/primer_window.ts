/**
 * The audible notes of a clip: from the start marker, through the loop, cut at its ends.
 *
 * Notes outside the loop and the markers are silent, and so are notes that begin before the start
 * of playback. A clip in the Arrangement repeats its loop if it is longer, and cuts it if it is
 * shorter.
 */

import type { ClipFacts, LiveNote } from "../host/live_port.ts";

/** Music that begins at beat 0. */
export interface Primer {
  /** Sorted by time; without ids, because a note may sound several times. */
  notes: LiveNote[];
  /** Beats. */
  length: number;
}

/** A section of the clip's timeline, and the beat at which it sounds. */
interface LoopPass {
  from: number;
  to: number;
  at: number;
}

/** Maximum that the server accepts in a primer. */
const MAX_NOTES = 50_000;
/** Beats; a shorter rest is a rounding error. */
const SHORTEST_PASS = 1e-6;
/** Maximum number of loops within one clip. */
const MAX_PASSES = 20_000;
const TOO_MANY_PASSES = "The loop is too short for the length of the clip. Make the loop longer.";

/** Return the audible notes of `clip`, played once. */
export function primerOf(clip: ClipFacts): Primer {
  const length = primerLength(clip);
  const audible = clip.notes.filter((note) => !note.mute);
  const notes: LiveNote[] = [];
  for (const pass of passes(clip, length)) {
    for (const note of audible) {
      if (note.start_time < pass.from || note.start_time >= pass.to) continue;
      notes.push(playedIn(note, pass));
    }
    if (notes.length > MAX_NOTES) {
      throw new Error(`The clip has more than ${MAX_NOTES} audible notes. Select a shorter clip.`);
    }
  }
  return { notes: notes.sort(byTime), length };
}

function primerLength(clip: ClipFacts): number {
  if (clip.place.kind === "arrangement") return clip.length;
  if (!clip.looping) return Math.max(0, clip.endMarker - clip.startMarker);
  if (entersLoop(clip)) {
    // An intro sounds once before the loop; a start within the loop only rotates it.
    const intro = Math.max(0, clip.loopStart - clip.startMarker);
    return intro + clip.loopEnd - clip.loopStart;
  }
  return Math.max(0, clip.endMarker - clip.startMarker);
}

/** Live never reaches a loop that ends before the start of playback. */
function entersLoop(clip: ClipFacts): boolean {
  return clip.startMarker < clip.loopEnd && clip.loopEnd > clip.loopStart;
}

function passes(clip: ClipFacts, length: number): LoopPass[] {
  if (!clip.looping || !entersLoop(clip)) {
    return [{ from: clip.startMarker, to: clip.startMarker + length, at: 0 }];
  }
  const found: LoopPass[] = [];
  let from = clip.startMarker;
  for (let at = 0; length - at > SHORTEST_PASS; ) {
    if (found.length === MAX_PASSES) throw new Error(TOO_MANY_PASSES);
    const to = Math.min(clip.loopEnd, from + length - at);
    found.push({ from, to, at });
    at += to - from;
    from = clip.loopStart;
  }
  return found;
}

function playedIn(note: LiveNote, pass: LoopPass): LiveNote {
  const { note_id: _, ...plain } = note;
  return {
    ...plain,
    start_time: note.start_time - pass.from + pass.at,
    duration: Math.min(note.duration, pass.to - note.start_time),
  };
}

function byTime(a: LiveNote, b: LiveNote): number {
  return a.start_time - b.start_time || a.pitch - b.pitch;
}
