/** Answers Jam's calls with the device's generator and settings. */

import { decodeNotes } from "../generation/notes.ts";
import type { Panel } from "../generation/parameters_panel.ts";
import { after, clockOf } from "../generation/request.ts";
import { drawSeed } from "../generation/seeds.ts";
import type { Selection } from "../generation/selection.ts";
import { toolOf } from "../generation/tools.ts";
import type { DeviceParts } from "../host/dependencies.ts";
import type { Connection } from "../transport/connection.ts";
import { messageOf, sentenceOf } from "../transport/failures.ts";
import type { Call } from "../transport/transport.ts";
import type { JamPorts } from "./jam.ts";

const NOTHING: Call = { cancel: () => {} };

/** Each answer has a seed of its own, so that the same phrase is not answered the same again. */
export function responder(
  parts: DeviceParts,
  selection: Selection,
  panel: Panel,
  connection: Connection,
): JamPorts["ask"] {
  return (call, length, listener) => {
    const transport = connection.transport;
    const obstacle = selection.obstacle(transport !== null, toolOf("jam"));
    const generator = selection.generator;
    if (obstacle || !transport || !generator) {
      listener.failed(obstacle);
      return NOTHING;
    }
    try {
      const set = parts.live.facts();
      const clock = clockOf(set, set.signatureNumerator, set.signatureDenominator);
      const choices = { ...panel.choices(), variations: 1, seed: drawSeed(parts.random) };
      const order = after(call, clock, length, generator, choices);
      return transport.generate(order.request, {
        next: ({ chunk }) => listener.notes(decodeNotes(chunk ?? {}, clock.qpm)),
        done: () => listener.done(),
        failed: (failure) => listener.failed(sentenceOf(failure)),
      });
    } catch (thrown) {
      listener.failed(messageOf(thrown));
      return NOTHING;
    }
  };
}
