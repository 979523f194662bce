/** Time, given to whoever needs it, so that tests own it: Max's Task in Live. */

export interface Later {
  /** Monotonic time in seconds. */
  now(): number;
  /** Runs `action` once after so many seconds; the answer takes it back. */
  after(seconds: number, action: () => void): () => void;
}
