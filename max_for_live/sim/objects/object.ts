/** What an object of the simulated Max is given, and what it has to do. */

import type { MainThread } from "./main_thread.ts";
import type { Atom, Message } from "./message.ts";

/** A box of the patch, as the file has it. */
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

/** Time as the device feels it, in milliseconds. */
export interface Clock {
  now(): number;
  /** Runs an action once after so many milliseconds; the answer takes it back. */
  after(milliseconds: number, action: () => void): () => void;
}

/** What surrounds an object. */
export interface BoxContext {
  box: Box;
  /** Arguments in the box, and its attributes. */
  args: Atom[];
  attributes: Map<string, Atom[]>;
  main: MainThread;
  clock: Clock;
  out(outlet: number, message: Message): void;
  /** Writes an error to Max's console. */
  error(text: string): void;
}

export interface MaxObject {
  /** Answers false where it does not understand the message. */
  receive(inlet: number, message: Message): boolean;
  /** The patch has been read. */
  loaded?(): void;
  /** The device is being taken away, and all of its objects still work. */
  closing?(): void;
  /** The patch is being thrown away. */
  freed?(): void;
}

export type ObjectFactory = (context: BoxContext) => MaxObject;
