/** Builds the server request from the Set, the selected clip and the controls. */

import type { ClipFacts, LiveNote, SetFacts } from "../host/live_port.ts";
import type {
  ArgumentValue,
  GenerateRequest,
  Generator,
  NoteSequence,
} from "../transport/messages.ts";
import { has, temperatureOf } from "./arguments.ts";
import { barLength, exactTempo, nextBar, toSeconds } from "./beats.ts";
import { type Clock, encodeNotes, header } from "./notes.ts";
import { type Primer, primerOf } from "./primer_window.ts";
import { type Scale, scaleArguments } from "./scale.ts";
import { seedText } from "./seeds.ts";
import type { Tool } from "./tools.ts";

export interface Choices {
  bars: number;
  variations: number;
  temperature: number;
  seed: number;
  /** Allowed notes; null for all. */
  scale: Scale | null;
  args: Record<string, ArgumentValue>;
}

/** A request, and what is needed to read its response. */
export interface GenerationPlan {
  request: GenerateRequest;
  clock: Clock;
  /** Start and end of the new section, in beats on the primer's timeline. */
  start: number;
  end: number;
  /** Beats of a bar. */
  bar: number;
  primer: LiveNote[];
}

/** Throw an Error with a message for the user if the clip cannot be used. */
export function planFor(
  tool: Tool,
  generator: Generator,
  set: SetFacts,
  clip: ClipFacts | null,
  choices: Choices,
): GenerationPlan {
  if (!tool.primer) return planFromNothing(generator, set, choices);
  if (clip === null) throw new Error(`Select a MIDI clip to ${tool.verb.toLowerCase()}.`);
  const music = primerOf(clip);
  if (music.notes.length === 0) {
    throw new Error(`${nameOf(clip)} has no audible notes. Select another clip.`);
  }
  const clock = clockOf(set, clip.signatureNumerator, clip.signatureDenominator);
  const bar = barLength(clock.numerator, clock.denominator);
  const length = tool.bars ? choices.bars * bar : nextBar(music.length, bar);
  return planAfter(music, clock, length, generator, choices);
}

/** Throw an Error with a message for the user if the tool needs notes and the clip is audio. */
export function refuseAudio(tool: Tool, name: string | null): void {
  if (!tool.primer || name === null) return;
  const verb = tool.verb.toLowerCase();
  throw new Error(`${nameOf({ name })} is an audio clip. Select a MIDI clip to ${verb}.`);
}

/** Return the plan to continue `music`, which begins on a bar line, for `length` beats. */
export function planAfter(
  music: Primer,
  clock: Clock,
  length: number,
  generator: Generator,
  choices: Choices,
): GenerationPlan {
  const bar = barLength(clock.numerator, clock.denominator);
  const start = nextBar(music.length, bar);
  const end = start + length;
  const primer = encodeNotes(music.notes, clock, music.length).sequence;
  return plan(primer, music.notes, { clock, start, end, bar }, generator, choices);
}

export function clockOf(set: SetFacts, numerator: number, denominator: number): Clock {
  return { qpm: exactTempo(set.tempo), numerator, denominator };
}

function planFromNothing(generator: Generator, set: SetFacts, choices: Choices): GenerationPlan {
  const clock = clockOf(set, set.signatureNumerator, set.signatureDenominator);
  const bar = barLength(clock.numerator, clock.denominator);
  const span = { clock, start: 0, end: choices.bars * bar, bar };
  return plan(header(clock), [], span, generator, choices);
}

function plan(
  primer: NoteSequence,
  notes: LiveNote[],
  span: Pick<GenerationPlan, "clock" | "start" | "end" | "bar">,
  generator: Generator,
  choices: Choices,
): GenerationPlan {
  const { clock, start, end } = span;
  const section = { startTime: toSeconds(start, clock.qpm), endTime: toSeconds(end, clock.qpm) };
  const request: GenerateRequest = {
    generatorId: generator.id,
    primer,
    options: { generateSections: [section], args: argumentsOf(generator, choices) },
    seed: seedText(choices.seed),
    variations: choices.variations,
  };
  return { request, primer: notes, ...span };
}

function argumentsOf(generator: Generator, choices: Choices): Record<string, ArgumentValue> {
  const temperature = temperatureOf(generator, choices.temperature);
  const scaled = choices.scale !== null && takesScale(generator);
  return {
    ...(temperature ? { temperature } : {}),
    ...(scaled ? scaleArguments(choices.scale as Scale) : {}),
    ...choices.args,
  };
}

export function takesScale(generator: Generator): boolean {
  return has(generator, "scale_root", "scale_intervals");
}

function nameOf(clip: { name: string }): string {
  return clip.name === "" ? "The selected clip" : `The clip "${clip.name}"`;
}
