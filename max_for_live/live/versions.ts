/** Which Live and which Max run the device. */

import { LiveObject } from "./live_object.ts";

/** The first Live whose object model makes clips in the Arrangement. */
const MINIMUM = [12, 2] as const;

/** Numbers of Live's version; zeros where Live does not tell. */
export function liveVersion(): [number, number, number] {
  const app = LiveObject.at("live_app");
  const part = (name: string) => Number(String(app.call(`get_${name}_version`))) || 0;
  return [part("major"), part("minor"), part("bugfix")];
}

/** Why this Live will not do, in one sentence; "" when it will. */
export function unsupportedReason([major, minor]: readonly number[]): string {
  const old = (major ?? 0) < MINIMUM[0] || (major === MINIMUM[0] && (minor ?? 0) < MINIMUM[1]);
  if (!major || !old) return "";
  return `Magenta Bridge needs Live ${MINIMUM.join(".")} or scheduler; this is Live ${major}.${minor}.`;
}
