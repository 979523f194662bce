/** Shows the device in its patch: each call becomes a message to a box. */

import { encode } from "../core/host/dict_codec.ts";
import type { Dicts, Player } from "../core/host/ports.ts";
import type { Connection, RollNote, View } from "../core/host/view.ts";

/** Outlets of the main device's script. */
export const OUT = { ui: 0, node: 1, roll: 2, music: 3, patcher: 4, misc: 5 } as const;

export class MaxView implements View {
  private rollDict = "";

  constructor(private readonly dicts: Dicts) {}

  set(id: string, value: number | string): void {
    outlet(OUT.ui, [id, "set", value]);
  }

  entries(id: string, entries: string[]): void {
    outlet(OUT.ui, [id, "_parameter_range", ...entries]);
  }

  range(id: string, low: number, high: number): void {
    outlet(OUT.ui, [id, "_parameter_range", low, high]);
  }

  text(id: string, text: string): void {
    outlet(OUT.ui, [id, "text", text]);
  }

  active(id: string, active: boolean): void {
    outlet(OUT.ui, [id, "active", active ? 1 : 0]);
  }

  visible(id: string, visible: boolean): void {
    outlet(OUT.patcher, ["hidden", id, visible ? 0 : 1]);
  }

  connection(_state: Connection, text: string, path: "gRPC" | "HTTP" | ""): void {
    this.text("status", text);
    this.text("path", path);
  }

  roll(notes: RollNote[], length: number): void {
    if (this.rollDict === "") this.rollDict = this.dicts.make();
    this.dicts.write(this.rollDict, encode({ notes }));
    outlet(OUT.roll, ["roll", length, this.rollDict]);
  }
}

export class MidiOut implements Player {
  note(pitch: number, velocity: number, duration: number, delay: number): void {
    outlet(OUT.music, ["note", pitch, velocity, Math.max(1, duration), Math.max(0, delay)]);
  }

  silence(): void {
    outlet(OUT.music, ["silence"]);
  }
}
