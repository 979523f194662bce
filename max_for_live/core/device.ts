/** The main device: what each control does, and what it shows. */

import type { DeviceParts } from "./parts.ts";

export class Device {
  constructor(private readonly parts: DeviceParts) {}

  /** Live can be asked from now on. */
  ready(): void {
    this.parts.view.connection("starting", "Starting.", "");
  }

  /** A control has been moved, or tells its stored value as the Set is loaded. */
  control(_id: string, ..._values: (string | number)[]): void {}

  /** A message from node.script's left outlet. */
  node(_selector: string, ..._words: (string | number)[]): void {}

  /** A message from node.script's right outlet. */
  nodeStatus(..._words: (string | number)[]): void {}

  /** A note on the device's track; velocity 0 ends it. */
  heard(_pitch: number, _velocity: number): void {}

  /** The path chosen for the program magenta-bridge. */
  picked(_path: string): void {}

  /** The piano roll has been clicked. */
  rollClicked(): void {}

  /** The device has been switched on or off. */
  enabled(_on: boolean): void {}

  /** The device goes: everything falls silent and nothing more is sent. */
  closing(): void {}
}
