/** What the device asks of Live; `live/` answers it with LiveAPI. All times are in beats, a quarter note each. */

/** A note as Live's object model has it. */
export interface LiveNote {
  note_id?: number;
  /** MIDI pitch, 0 to 127. */
  pitch: number;
  /** Beats on the clip's own timeline. */
  start_time: number;
  /** Beats, above 0. */
  duration: number;
  /** 0 to 127, not always whole. */
  velocity?: number;
  mute?: number;
  /** 0 to 1. */
  probability?: number;
  /** -127 to 127. */
  velocity_deviation?: number;
  /** 0 to 127. */
  release_velocity?: number;
}

/** The Set as it is now. */
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
  /** Whether Live's scale is switched on. */
  scaleOn: boolean;
}

export type ClipPlace =
  | { kind: "session"; track: number; slot: number }
  | { kind: "arrangement"; track: number; start: number; end: number };

/** The selected MIDI clip. */
export interface ClipFacts {
  name: string;
  place: ClipPlace;
  looping: boolean;
  loopStart: number;
  loopEnd: number;
  startMarker: number;
  endMarker: number;
  /** Beats that it sounds once through: in the Arrangement the clip's length there. */
  length: number;
  signatureNumerator: number;
  signatureDenominator: number;
  /** All its notes, also those outside the loop and the markers. */
  notes: LiveNote[];
}

/** Where a new clip shall go. */
export type Target =
  /** Next empty slot at or after this one on the track; a new scene when there is none. */
  | { kind: "session"; track: number; fromSlot: number }
  /** First free place of that length at or after `start`. */
  | { kind: "arrangement"; track: number; start: number };

export interface Written {
  place: ClipPlace;
  name: string;
}

/** Every refusal is an Error whose message is one sentence for the musician. */
export interface LivePort {
  facts(): SetFacts;
  /** The clip in the detail view; null when none, or when it is no MIDI clip. */
  selectedClip(): ClipFacts | null;
  /** The name of the clip in the detail view where it is an audio clip; null where it is none. */
  selectedAudio(): string | null;
  /** Where a clip goes when no clip is selected: the device's track, the highlighted slot. */
  ownTarget(): Target;
  /** Makes a new clip with these notes, in as few undo steps as can be; touches no other clip. */
  writeNewClip(target: Target, length: number, notes: LiveNote[], name: string): Written;
}
