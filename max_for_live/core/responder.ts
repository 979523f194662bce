/** Answers Jam's calls with the device's generator and settings. */

import type { Connection } from "./connection.ts";
import { messageOf, sentenceOf } from "./failures.ts";
import type { JamPorts } from "./jam.ts";
import { decodeNotes } from "./notes.ts";
import type { Panel } from "./panel.ts";
import type { DeviceParts } from "./parts.ts";
import { after, clockOf } from "./request.ts";
import { drawSeed } from "./seeds.ts";
import type { Selection } from "./selection.ts";
import { toolOf } from "./tools.ts";
import type { Call } from "./transport.ts";

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
