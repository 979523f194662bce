/** Magenta Bridge Transformation: a MIDI Tool that continues or replaces notes of the open clip. */

import type { DevicePlan, Script } from "../device.ts";
import { miditool } from "./miditool.ts";
import { column, DIALS, EDGE } from "./tool_layout.ts";

export function transformation(script: Script): DevicePlan {
  return miditool(
    {
      device: "transformation",
      name: "Magenta Bridge Transformation",
      type: "natt",
      captions: [["Seed", { rect: [EDGE, 76, 26, 15] }]],
      layout: {
        amount: { rect: [column(2), DIALS, 44, 48] },
        seed: { rect: [EDGE + 27, 76, 39, 15] },
        random_seed: { rect: [EDGE + 70, 76, 30, 15] },
        choice: { rect: [EDGE + 104, 76, 40, 15] },
        mode: { rect: [EDGE, 95, 76, 16] },
        fetch: { rect: [EDGE + 80, 95, 64, 16] },
      },
    },
    script,
  );
}
