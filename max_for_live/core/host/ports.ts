/** What the device needs from Max, except Live and its own controls; `live/` implements it. */

import type { DictObject } from "./dict_codec.ts";
import type { LivePort } from "./live_port.ts";
import type { View } from "./view.ts";

/** Max's dictionaries, by name. Node can fill only dictionaries that were created here. */
export interface Dicts {
  /** Create a dictionary with a name that is unique in Max, and return the name. */
  make(): string;
  write(name: string, content: DictObject): void;
  /** Throw an Error if there is no dictionary of that name. */
  read(name: string): unknown;
  /** Free it; its name must not be used again. */
  free(name: string): void;
}

/** The connection to node.script; messages sent before it has started are lost. */
export interface NodePort {
  send(selector: string, ...words: (string | number)[]): void;
}

/** The device's own MIDI output. */
export interface Player {
  /** `velocity` is 1 to 127, times are in milliseconds from now. */
  note(pitch: number, velocity: number, duration: number, delay: number): void;
  /** End every note, including scheduled ones. */
  silence(): void;
}

/** Functions of the patch, or of Max itself. */
export interface Host {
  /** Open the file dialog; its result is the message `picked`. */
  chooseProgram(): void;
  /** Publish the address of the server to other devices; "" for none. */
  serverAt(grpc: string, http: string): void;
  /** Return the HTTP address of the server that another device has published; "" for none. */
  sharedHttp(): string;
  /** Return versions, paths and so on for the self-test. */
  facts(): Record<string, string | number>;
  /** Return a full path for the self-test's report; its folder exists. */
  reportPath(): string;
  /** Write a report without Node. Throw an Error if that fails. */
  writeReport(path: string, text: string): void;
}

/** The part of XMLHttpRequest that Max has. */
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
  /** Run `action` once after a delay in seconds; return a function that cancels it. */
  after(seconds: number, action: () => void): () => void;
}

/** Ways to reach the server. */
export interface Transports {
  /** null if the device has no node.script. */
  node: NodePort | null;
  /** null if Max has no XMLHttpRequest. */
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
  /** Return a number in [0, 1). */
  random: () => number;
}
