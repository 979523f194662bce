/** Answers the calls of Jam with the device's generator and settings. */

import { decodeNotes } from "../generation/notes.ts";
import type { ParametersPanel } from "../generation/parameters_panel.ts";
import { clockOf, planAfter } from "../generation/request.ts";
import { drawSeed } from "../generation/seeds.ts";
import type { Selection } from "../generation/selection.ts";
import { toolOf } from "../generation/tools.ts";
import type { DeviceDependencies } from "../host/ports.ts";
import type { Connection } from "../transport/connection.ts";
import type { Call } from "../transport/transport.ts";
import { errorMessage, sentenceOf } from "../transport/transport.ts";
import type { JamPorts } from "./jam.ts";

const NOTHING: Call = { cancel: () => {} };

/** Use a new seed for each answer, so that the same phrase gets different answers. */
export function responder(
  dependencies: DeviceDependencies,
  selection: Selection,
  panel: ParametersPanel,
  connection: Connection,
): JamPorts["generate"] {
  return (call, length, listener) => {
    const transport = connection.transport;
    const problem = selection.problem(transport !== null, toolOf("jam"));
    const generator = selection.generator;
    if (problem || !transport || !generator) {
      listener.failed(problem);
      return NOTHING;
    }
    try {
      const set = dependencies.live.facts();
      const clock = clockOf(set, set.signatureNumerator, set.signatureDenominator);
      const choices = { ...panel.choices(), variations: 1, seed: drawSeed(dependencies.random) };
      const order = planAfter(call, clock, length, generator, choices);
      return transport.generate(order.request, {
        next: ({ chunk }) => listener.notes(decodeNotes(chunk ?? {}, clock.qpm)),
        done: () => listener.done(),
        failed: (failure) => listener.failed(sentenceOf(failure)),
      });
    } catch (thrown) {
      listener.failed(errorMessage(thrown));
      return NOTHING;
    }
  };
}
