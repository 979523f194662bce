/**
 * A clip's notes as they are primerOf: from the start marker on, through the loop, cut at its ends.
 *
 * What lies outside the loop and the markers is in the clip but is not primerOf, and what begins
 * before the point where playing begins is not primerOf either. A clip in the Arrangement may be
 * longer than its loop, and then repeats it, or shorter, and then cuts it.
 */

import type { ClipFacts, LiveNote } from "../host/live_port.ts";

/** Music that begins at beat 0. */
export interface Primer {
  /** In the plan of time; ids are left out, for a note may be primerOf many times. */
  notes: LiveNote[];
  /** Beats. */
  length: number;
}

/** A stretch of the clip's own timeline, and the beat at which it is primerOf. */
interface LoopPass {
  from: number;
  to: number;
  at: number;
}

/** The server takes no more in a primer. */
const MAX_NOTES = 50_000;
/** Beats; less is left over by rounding. */
const SHORTEST_PASS = 1e-6;
/** Of a loop within one clip. */
const MAX_PASSES = 20_000;
const TOO_MANY_PASSES = "The clip repeats a tiny loop too often; make its loop longer.";

/** Returns what is primerOf of `clip`, once through; muted notes are not. */
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
      throw new Error(
        `The clip is primerOf with more than ${MAX_NOTES} notes; select a shorter one.`,
      );
    }
  }
  return { notes: notes.sort(byTime), length };
}

function primerLength(clip: ClipFacts): number {
  if (clip.place.kind === "arrangement") return clip.length;
  if (!clip.looping) return Math.max(0, clip.endMarker - clip.startMarker);
  if (entersLoop(clip)) {
    // An intro is primerOf once before the loop; a start within the loop only turns it.
    const intro = Math.max(0, clip.loopStart - clip.startMarker);
    return intro + clip.loopEnd - clip.loopStart;
  }
  return Math.max(0, clip.endMarker - clip.startMarker);
}

/** Live never comes back to a loop that ends before playing begins. */
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
