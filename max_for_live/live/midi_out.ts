/** The device's MIDI output; pipe and makenote in the patch keep the times. */

import type { Player } from "../core/host/ports.ts";
import { OUT } from "./outlets.ts";

export class MidiOut implements Player {
  note(pitch: number, velocity: number, duration: number, delay: number): void {
    outlet(OUT.music, ["note", pitch, velocity, Math.max(1, duration), Math.max(0, delay)]);
  }

  silence(): void {
    outlet(OUT.music, ["silence"]);
  }
}
