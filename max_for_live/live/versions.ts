/** Versions of Live. */

import { LiveObject } from "./live_object.ts";

/** The first Live whose API can create clips in the Arrangement. */
const MINIMUM = [12, 2] as const;

/** Return the parts of Live's version; zeros if unknown. */
export function liveVersion(): [number, number, number] {
  const app = LiveObject.at("live_app");
  const part = (name: string) => Number(String(app.call(`get_${name}_version`))) || 0;
  return [part("major"), part("minor"), part("bugfix")];
}

/** Return why this version of Live is not supported; "" if it is. */
export function unsupportedReason([major, minor]: readonly number[]): string {
  const old = (major ?? 0) < MINIMUM[0] || (major === MINIMUM[0] && (minor ?? 0) < MINIMUM[1]);
  if (!major || !old) return "";
  return `Magenta Bridge requires Live ${MINIMUM.join(".")} or later. This is Live ${major}.${minor}.`;
}
