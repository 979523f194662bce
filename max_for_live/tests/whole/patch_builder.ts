/** Builds small patches, for tests of the objects. */

import type { Box } from "../../sim/objects/object.ts";
import type { PatcherFile } from "../../sim/objects/patch.ts";

export interface BoxSpec {
  id: string;
  text?: string;
  maxclass?: string;
  inlets?: number;
  outlets?: number;
  x?: number;
  y?: number;
  more?: Record<string, unknown>;
}

/** A cord: "from 0 -> to 1". */
export function buildPatch(boxes: BoxSpec[], cords: string[]): PatcherFile {
  return {
    patcher: {
      boxes: boxes.map((one) => ({ box: box(one) })),
      lines: cords.map((cord) => {
        const [, from, outlet, to, inlet] = /^(\S+) (\d+) -> (\S+) (\d+)$/.exec(cord) ?? [];
        return {
          patchline: {
            source: [String(from), Number(outlet)],
            destination: [String(to), Number(inlet)],
          },
        };
      }),
      parameters: Object.fromEntries(boxes.map((one) => [one.id, [one.id, one.id, 0]])),
    },
  };
}

function box(one: BoxSpec): Box {
  return {
    id: one.id,
    maxclass: one.maxclass ?? "newobj",
    numinlets: one.inlets ?? 1,
    numoutlets: one.outlets ?? 1,
    patching_rect: [one.x ?? 0, one.y ?? 0, 50, 22],
    ...(one.text === undefined ? {} : { text: one.text }),
    varname: one.id,
    presentation: 1,
    ...one.more,
  };
}
