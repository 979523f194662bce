/** What a device is made of; `live/` hands it in, tests hand in stand-ins. */

import type { LivePort } from "./live_port.ts";
import type { Dicts, Host, NewHttpRequest, NodePort, Player } from "./ports.ts";
import type { Later } from "./scheduler.ts";
import type { View } from "./view.ts";

/** The two ways to the server. */
export interface Ways {
  /** null where the device has no node.script. */
  node: NodePort | null;
  /** null where Max has no XMLHttpRequest. */
  newHttpRequest: NewHttpRequest | null;
  dicts: Dicts;
}

export interface DeviceParts {
  view: View;
  live: LivePort;
  later: Later;
  ways: Ways;
  player: Player;
  host: Host;
  /** From 0 up to, but not, 1. */
  random: () => number;
}
