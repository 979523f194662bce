/**
 * Script of the MIDI Tool Magenta Bridge Transformation, for v8.codebox. Each export is a message.
 *
 * Continue adds music after the notes. Replace regenerates the last part of them, as much as
 * `amount` says. New Pitches keeps rhythm and velocities, and takes the pitches of generated music.
 * Notes that stay keep their ids.
 *
 * Inlet 0 receives controls and Live's notes, inlet 1 Live's context; `TOOL_OUT` names the outlets.
 */

import { barLength, nextBar, toSeconds } from "../../core/generation/beats.ts";
import type { Primer } from "../../core/generation/primer_window.ts";
import { clockOf, type GenerationPlan, planAfter } from "../../core/generation/request.ts";
import { toolOf } from "../../core/generation/tools.ts";
import type { LiveNote } from "../../core/host/live_port.ts";
import { toolScript } from "./midi_tool.ts";
import type { Recipe, ToolParameters } from "./recipe.ts";

export const ports = { inlets: 2, outlets: 3 };

const MODES = { continue: 0, replace: 1, newPitches: 2 } as const;

/** Beats; a replaced part begins on this grid. */
const GRID = 0.25;
/** The golden ratio's fraction: spreads the changed notes evenly. */
const SPREAD = 0.6180339887498949;

const TRANSFORMATION: Recipe = {
  kind: "transformation",
  tool: toolOf("continue"),

  plan(input, generator, set, choices, parameters) {
    const clock = clockOf(set, set.signatureNumerator, set.signatureDenominator);
    const bar = barLength(clock.numerator, clock.denominator);
    const span = spanOf(input.notes, bar);
    if (span === null) throw new Error("There are no notes to work with. Select or add some.");
    if (parameters.mode === MODES.continue) {
      return planAfter(heardOf(input.notes, span), clock, choices.bars * bar, generator, choices);
    }
    const cut = cutOf(span, parameters);
    if (cut === span.from) {
      // Replace all: the notes are the primer, and their continuation takes their place.
      return planAfter(heardOf(input.notes, span), clock, span.to - span.from, generator, choices);
    }
    const kept = input.notes.filter((note) => note.start_time < cut);
    const music = heardOf(kept, { from: span.from, to: cut });
    return from(planAfter(music, clock, span.to - cut, generator, choices), cut - span.from);
  },

  answer(input, written, parameters, bar) {
    const span = spanOf(input.notes, bar);
    if (span === null) return input.notes;
    if (parameters.mode === MODES.newPitches)
      return withPitches(input.notes, written, parameters.amount);
    const at = parameters.mode === MODES.continue ? span.to : cutOf(span, parameters);
    const placed = written.map((note) => ({ ...note, start_time: note.start_time + at }));
    if (parameters.mode === MODES.continue) return [...input.notes, ...placed];
    return [...input.notes.filter((note) => note.mute || note.start_time < at), ...placed];
  },
};

interface Span {
  /** The bar line before the first note, in beats on the clip's timeline. */
  from: number;
  /** The bar line after the last note. */
  to: number;
}

function spanOf(notes: readonly LiveNote[], bar: number): Span | null {
  const audible = notes.filter((note) => !note.mute);
  if (audible.length === 0) return null;
  const first = Math.min(...audible.map((note) => note.start_time));
  const last = Math.max(...audible.map((note) => note.start_time + note.duration));
  const from = Math.floor(first / bar + 1e-6) * bar;
  return { from, to: Math.max(from + bar, nextBar(last, bar)) };
}

function heardOf(notes: readonly LiveNote[], { from, to }: Span): Primer {
  const audible = notes.filter((note) => !note.mute);
  const moved = audible.map(({ note_id: _, ...note }) => ({
    ...note,
    start_time: note.start_time - from,
    duration: Math.min(note.duration, to - note.start_time),
  }));
  return { notes: moved.sort((a, b) => a.start_time - b.start_time), length: to - from };
}

/** Return the start of the replaced part; the start of the span if nothing before it is kept. */
function cutOf(span: Span, { mode, amount }: ToolParameters): number {
  if (mode === MODES.newPitches) return span.from;
  const kept = (1 - amount) * (span.to - span.from);
  return span.from + Math.floor(kept / GRID) * GRID;
}

/** Return the same plan with its section at beat `start` instead of the next bar line. */
function from(plan: GenerationPlan, start: number): GenerationPlan {
  const end = start + plan.end - plan.start;
  const { qpm } = plan.clock;
  const section = { startTime: toSeconds(start, qpm), endTime: toSeconds(end, qpm) };
  const options = { ...plan.request.options, generateSections: [section] };
  return { ...plan, start, end, request: { ...plan.request, options } };
}

function withPitches(notes: LiveNote[], written: LiveNote[], amount: number): LiveNote[] {
  if (written.length === 0) return notes;
  const melody = [...written].sort((a, b) => a.start_time - b.start_time);
  const plan = [...notes].sort((a, b) => a.start_time - b.start_time || a.pitch - b.pitch);
  const pitches = new Map<LiveNote, number>();
  plan.forEach((note, index) => {
    const turn = ((index + 1) * SPREAD) % 1;
    const pitch = melody[index % melody.length]?.pitch;
    if (turn < amount && !note.mute && pitch !== undefined) pitches.set(note, pitch);
  });
  return notes.map((note) => ({ ...note, pitch: pitches.get(note) ?? note.pitch }));
}

export const { live_ready, control, notes, dictionary, closing, notifydeleted } =
  toolScript(TRANSFORMATION);
