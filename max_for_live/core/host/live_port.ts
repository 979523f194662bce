/** What the device needs from Live; `live/` implements it. Times are in beats (quarter notes). */

/** A note as in Live's object model. */
export interface LiveNote {
  note_id?: number;
  /** MIDI pitch, 0 to 127. */
  pitch: number;
  /** Beats on the clip's timeline. */
  start_time: number;
  /** Beats, above 0. */
  duration: number;
  /** 0 to 127, possibly fractional. */
  velocity?: number;
  mute?: number;
  /** 0 to 1. */
  probability?: number;
  /** -127 to 127. */
  velocity_deviation?: number;
  /** 0 to 127. */
  release_velocity?: number;
}

/** The current state of the Set. */
export interface SetFacts {
  /** Quarter notes per minute. */
  tempo: number;
  signatureNumerator: number;
  signatureDenominator: number;
  /** Pitch class, 0 for C. */
  rootNote: number;
  scaleName: string;
  /** Semitones above the root. */
  scaleIntervals: number[];
  /** Whether Live's scale is on. */
  scaleOn: boolean;
}

export type ClipPlace =
  | { kind: "session"; track: number; slot: number }
  | { kind: "arrangement"; track: number; start: number; end: number };

export interface ClipFacts {
  name: string;
  place: ClipPlace;
  looping: boolean;
  loopStart: number;
  loopEnd: number;
  startMarker: number;
  endMarker: number;
  /** Beats of one playback: in the Arrangement, the clip's length there. */
  length: number;
  signatureNumerator: number;
  signatureDenominator: number;
  /** All notes, including those outside the loop and the markers. */
  notes: LiveNote[];
}

export type Target =
  /** Next empty slot at or after this one on the track; a new scene if there is none. */
  | { kind: "session"; track: number; fromSlot: number }
  /** First free place of that length at or after `start`. */
  | { kind: "arrangement"; track: number; start: number };

export interface Written {
  place: ClipPlace;
  name: string;
}

/** Errors have a message for the user: one sentence that says what is wrong and what to do. */
export interface LivePort {
  facts(): SetFacts;
  /** The clip in the detail view; null for none, and for an audio clip. */
  selectedClip(): ClipFacts | null;
  /** The name of the audio clip in the detail view; null if there is none. */
  selectedAudio(): string | null;
  /** The place for a clip if none is selected: the device's track, the highlighted slot. */
  ownTarget(): Target;
  /** Create a clip with these notes, in as few undo steps as possible; change no other clip. */
  writeNewClip(target: Target, length: number, notes: LiveNote[], name: string): Written;
}
