/** All rules: the only early warning, for Max passes over what it does not know without a word. */

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
  wordsFit: presentation.wordsFit,
  projectBlock: files.projectBlock,
  dependencies: files.dependencies,
  scriptFlags: files.scriptFlags,
  bareScriptNames: files.bareScriptNames,
  parses: code.parses,
  scriptPorts: code.scriptPorts,
  noForbiddenHandlers: code.noForbiddenHandlers,
  handledWords: code.handledWords,
  routedWords: code.routedWords,
  deferred: code.deferred,
  answersAtOnce: code.answersAtOnce,
};

/** What is wrong with the device, one sentence each; empty when nothing is. */
export function validate(bytes: Buffer, beside: string[] = []): string[] {
  const subject = subjectOf(bytes, beside);
  return Object.entries(RULES).flatMap(([name, rule]) =>
    rule(subject).map((problem) => `${name}: ${problem}`),
  );
}
