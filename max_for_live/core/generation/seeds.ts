/** Seeds: the number that makes music come out the same again. */

/** The seed control's range; Live keeps it exactly. */
export const SEED_LIMIT = 65_536;
const SERVER_LIMIT = 2 ** 31;

/** Draws a seed for the control. */
export function drawSeed(random: () => number): number {
  return Math.min(SEED_LIMIT - 1, Math.floor(random() * SEED_LIMIT));
}

/** The seed as the server takes it, from whatever the control says. */
export function seedText(value: number): string {
  return String(Math.min(SEED_LIMIT - 1, Math.max(0, Math.round(value) || 0)));
}

/** The next variation's seed, as the server counts. */
export function nextSeed(seed: string): string {
  return String((Number(seed) + 1) % SERVER_LIMIT);
}
