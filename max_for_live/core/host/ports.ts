/** What the device needs of Max, besides Live and its own controls; `live/` answers it. */

import type { DictObject } from "./dict_codec.ts";
import type { LivePort } from "./live_port.ts";
import type { View } from "./view.ts";

/** Max's dictionaries, by name. Those that Node shall fill must have been made here. */
export interface Dicts {
  /** Makes a dictionary with a name that no other device has, and returns that name. */
  make(): string;
  write(name: string, content: DictObject): void;
  /** Throws an Error when there is none of that name. */
  read(name: string): unknown;
  /** Frees it; the name must not be used again. */
  free(name: string): void;
}

/** The wire to node.script; what is sent before it has started is lost. */
export interface NodePort {
  send(selector: string, ...words: (string | number)[]): void;
}

/** The device's own MIDI output. */
export interface Player {
  /** `velocity` 1 to 127, times in milliseconds from now. */
  note(pitch: number, velocity: number, duration: number, delay: number): void;
  /** Ends every note, also those that wait. */
  silence(): void;
}

/** What is asked of the patch or of Max itself. */
export interface Host {
  /** Opens the dialog that answers with `picked`. */
  chooseProgram(): void;
  /** Tells where the server is: "" for nowhere. Other devices may read it. */
  serverAt(grpc: string, http: string): void;
  /** Where another device has found a server's HTTP port; "" for nowhere. */
  sharedHttp(): string;
  /** What Max says of itself for the self-test: versions, the folder for reports, and so on. */
  facts(): Record<string, string | number>;
  /** A full path for the self-test's report; the folder is there. */
  reportPath(): string;
  /** Writes a report without Node's help. Throws an Error where that cannot be done. */
  writeReport(path: string, text: string): void;
}

/** As much of XMLHttpRequest as Max has. */
export interface HttpRequest {
  readonly readyState: number;
  readonly status: number;
  readonly responseText: string;
  onreadystatechange: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body?: string): void;
  abort?(): void;
}

export type NewHttpRequest = () => HttpRequest;

export interface Scheduler {
  /** Monotonic time in seconds. */
  now(): number;
  /** Runs `action` once after so many seconds; the answer takes it back. */
  after(seconds: number, action: () => void): () => void;
}

/** The two transports to the server. */
export interface Transports {
  /** null where the device has no node.script. */
  node: NodePort | null;
  /** null where Max has no XMLHttpRequest. */
  newHttpRequest: NewHttpRequest | null;
  dicts: Dicts;
}

export interface DeviceDependencies {
  view: View;
  live: LivePort;
  scheduler: Scheduler;
  transports: Transports;
  player: Player;
  host: Host;
  /** From 0 up to, but not, 1. */
  random: () => number;
}
