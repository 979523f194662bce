/** All rules: Max ignores errors in a patch silently, so this is the only check. */

import * as code from "./code.ts";
import * as files from "./files.ts";
import * as parameters from "./parameters.ts";
import * as presentation from "./presentation.ts";
import * as structure from "./structure.ts";
import { type Rule, subjectOf } from "./subject.ts";

export const RULES: Record<string, Rule> = {
  uniqueIds: structure.uniqueIds,
  noGlobalNames: structure.noGlobalNames,
  knownObjects: structure.knownObjects,
  savedPorts: structure.savedPorts,
  cordEnds: structure.cordEnds,
  orderedFanOuts: structure.orderedFanOuts,
  parameterNames: parameters.parameterNames,
  parameterRanges: parameters.parameterRanges,
  parameterMapComplete: parameters.parameterMapComplete,
  bankSlots: parameters.bankSlots,
  infoTexts: parameters.infoTexts,
  opensInPresentation: presentation.opensInPresentation,
  wholePixels: presentation.wholePixels,
  insideDevice: presentation.insideDevice,
  noOverlaps: presentation.noOverlaps,
  textsFit: presentation.textsFit,
  projectBlock: files.projectBlock,
  dependencies: files.dependencies,
  scriptFlags: files.scriptFlags,
  bareScriptNames: files.bareScriptNames,
  parses: code.parses,
  scriptPorts: code.scriptPorts,
  noForbiddenHandlers: code.noForbiddenHandlers,
  handledMessages: code.handledMessages,
  routedMessages: code.routedMessages,
  deferred: code.deferred,
  respondsImmediately: code.respondsImmediately,
};

/** Return one sentence for each problem. */
export function validate(bytes: Buffer, beside: string[] = []): string[] {
  const subject = subjectOf(bytes, beside);
  return Object.entries(RULES).flatMap(([name, rule]) =>
    rule(subject).map((problem) => `${name}: ${problem}`),
  );
}
