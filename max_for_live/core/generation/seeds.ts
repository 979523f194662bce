/** Seeds: numbers that make the music reproducible. */

/** Upper limit of the seed control; Live keeps such numbers exactly. */
const SEED_LIMIT = 65_536;
const SERVER_LIMIT = 2 ** 31;

/** Draw a seed for the control. */
export function drawSeed(random: () => number): number {
  return Math.min(SEED_LIMIT - 1, Math.floor(random() * SEED_LIMIT));
}

/** Return the seed for the request, from any value of the control. */
export function seedText(value: number): string {
  return String(Math.min(SEED_LIMIT - 1, Math.max(0, Math.round(value) || 0)));
}

/** Return the seed of the next variation, as the server counts. */
export function nextSeed(seed: string): string {
  return String((Number(seed) + 1) % SERVER_LIMIT);
}
