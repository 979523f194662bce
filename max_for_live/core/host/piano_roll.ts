/** A note of the small piano roll. */
export interface RollNote {
  pitch: number;
  /** Beats. */
  start: number;
  duration: number;
  /** 1 to 127. */
  velocity: number;
  /** Whether it belongs to the primer rather than to what was written. */
  primer: boolean;
}
