/** What a device is made of; `live/` hands it in, tests hand in stand-ins. */

import type { Later } from "./later.ts";
import type { LivePort } from "./live_port.ts";
import type { GenerateRequest, NoteSequence, StreamGenerateResponse } from "./messages.ts";
import type { Dicts, Host, NewHttpRequest, NodePort, Player } from "./ports.ts";
import type { Call, Listener } from "./transport.ts";
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
  /** Makes the call-and-response part; without it the device has no Jam. */
  jam?: (asks: JamAsks) => Jam;
}

/** What Jam may ask of its device. */
export interface JamAsks {
  /**
   * Has the chosen generator go on after `primer`, with the device's settings and a seed of its own.
   * Times in seconds on the primer's timeline. Throws an Error of one sentence where it cannot.
   */
  respond(
    primer: NoteSequence,
    start: number,
    end: number,
    listener: Listener<StreamGenerateResponse>,
  ): Call;
  /** The request alone, for tests and displays. */
  request(primer: NoteSequence, start: number, end: number): GenerateRequest;
  player: Player;
  view: View;
  live: LivePort;
  later: Later;
}

/** Call and response, in `core/jam.ts`. */
export interface Jam {
  /** `jam`, `jam_bars` or `panic`. */
  control(id: string, value: number): void;
  /** Velocity 0 ends the note. */
  heard(pitch: number, velocity: number): void;
  enabled(on: boolean): void;
  serverLost(): void;
  closing(): void;
}
