/** Interfaces of the objects in the simulated Max. */

import type { MainThread } from "./main_thread.ts";
import type { Atom, Message } from "./message.ts";

/** A box in the patch file. */
export interface Box {
  id: string;
  maxclass: string;
  numinlets: number;
  numoutlets: number;
  text?: string;
  varname?: string;
  patching_rect: number[];
  presentation?: number;
  presentation_rect?: number[];
  parameter_enable?: number;
  saved_attribute_attributes?: { valueof?: Record<string, unknown> };
  [key: string]: unknown;
}

/** Time of the device, in milliseconds. */
export interface Clock {
  now(): number;
  /** Run an action once after a delay; return a function that cancels it. */
  after(milliseconds: number, action: () => void): () => void;
}

/** What an object can use. */
export interface BoxContext {
  box: Box;
  /** Arguments and attributes in the box. */
  args: Atom[];
  attributes: Map<string, Atom[]>;
  main: MainThread;
  clock: Clock;
  out(outlet: number, message: Message): void;
  error(text: string): void;
}

export interface MaxObject {
  /** Return false if the object does not support the message. */
  receive(inlet: number, message: Message): boolean;
  /** The patch has been loaded. */
  loaded?(): void;
  /** The device is being removed; all of its objects still work. */
  closing?(): void;
  /** The patch is being freed. */
  freed?(): void;
}

export type ObjectFactory = (context: BoxContext) => MaxObject;
