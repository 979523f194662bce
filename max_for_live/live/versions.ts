/** Which Live and which Max run the device. */

import { LiveObject } from "./live_object.ts";

/** The first Live whose object model makes clips in the Arrangement. */
const NEEDED = [12, 2] as const;

/** Numbers of Live's version; zeros where Live does not tell. */
export function liveVersion(): [number, number, number] {
  const app = LiveObject.at("live_app");
  const part = (name: string) => Number(String(app.call(`get_${name}_version`))) || 0;
  return [part("major"), part("minor"), part("bugfix")];
}

/** Why this Live will not do, in one sentence; "" when it will. */
export function tooOld([major, minor]: readonly number[]): string {
  const old = (major ?? 0) < NEEDED[0] || (major === NEEDED[0] && (minor ?? 0) < NEEDED[1]);
  if (!major || !old) return "";
  return `Magenta Bridge needs Live ${NEEDED.join(".")} or later; this is Live ${major}.${minor}.`;
}
