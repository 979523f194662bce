/** Magenta Bridge Generator: a MIDI Tool that adds notes to the open clip. */

import type { DevicePlan, Script } from "../device.ts";
import { miditool } from "./miditool.ts";
import { column, DIALS, EDGE } from "./tool_layout.ts";

export function generator(script: Script): DevicePlan {
  return miditool(
    {
      device: "generator",
      name: "Magenta Bridge Generator",
      type: "nagg",
      captions: [["Seed", { rect: [column(2), DIALS, 44, 13], align: "center" }]],
      layout: {
        seed: { rect: [column(2), DIALS + 13, 44, 15] },
        random_seed: { rect: [column(2), DIALS + 32, 44, 15] },
        choice: { rect: [EDGE, 84, 70, 20] },
        fetch: { rect: [EDGE + 74, 84, 70, 20] },
      },
    },
    script,
  );
}
