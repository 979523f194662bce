/** What a device is made of; `live/` hands it in, tests hand in stand-ins. */

import type { Later } from "./later.ts";
import type { LiveNote, LivePort } from "./live_port.ts";
import type { Dicts, Host, NewHttpRequest, NodePort, Player } from "./ports.ts";
import type { Call } from "./transport.ts";
import type { View } from "./view.ts";
import type { Heard } from "./window.ts";

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
  /** Makes the call-and-response part: `(ports) => new Jam(ports)`. */
  jam?: (ports: JamPorts) => JamPart;
}

export interface JamListener {
  /** Beats on the call's timeline: the answer begins at the call's length. */
  notes(notes: LiveNote[]): void;
  done(): void;
  /** One sentence for the musician. */
  failed(message: string): void;
}

/** What Jam may ask of its device. */
export interface JamPorts {
  /** Monotonic time in seconds. */
  now(): number;
  player: Player;
  /** Has the chosen generator go on after `call`, for `length` beats, with a seed of its own. */
  ask(call: Heard, length: number, listener: JamListener): Call;
  tell(text: string): void;
}

/** Call and response, in `core/jam.ts`. */
export interface JamPart {
  readonly isOn: boolean;
  turn(on: boolean): void;
  setBars(bars: number): void;
  /** Velocity 0 ends the note. */
  heard(pitch: number, velocity: number): void;
  panic(): void;
  lost(message: string): void;
  close(): void;
}
