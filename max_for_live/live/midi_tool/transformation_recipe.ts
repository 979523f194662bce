/**
 * The Transformation tool, in three ways; what stays of a note keeps its id.
 *
 * Continue leaves the notes and adds what comes after them. Replace writes the last part of them
 * anew, as much as `amount` says. New Pitches keeps rhythm and touch, and takes pitches from music
 * that the generator writes after hearing the notes.
 */

import { nextBar, toSeconds } from "../../core/generation/beats.ts";
import type { Heard } from "../../core/generation/primer_window.ts";
import { after, clockOf, type Order } from "../../core/generation/request.ts";
import { toolOf } from "../../core/generation/tools.ts";
import type { LiveNote } from "../../core/host/live_port.ts";
import type { Knobs, Recipe } from "./recipe.ts";

export const MODES = { continue: 0, replace: 1, newPitches: 2 } as const;

/** Beats; a replaced part begins on this grid. */
const GRID = 0.25;
/** The golden ratio's fraction: spreads evenly over the notes what is changed and what is not. */
const SPREAD = 0.6180339887498949;

export const TRANSFORMATION: Recipe = {
  kind: "transformation",
  tool: toolOf("continue"),

  order(given, generator, set, choices, knobs) {
    const clock = clockOf(set, set.signatureNumerator, set.signatureDenominator);
    const bar = (4 * clock.numerator) / clock.denominator;
    const span = spanOf(given.notes, bar);
    if (span === null) throw new Error("There are no notes to hear; select some, or put some in.");
    if (knobs.mode === MODES.continue) {
      return after(heardOf(given.notes, span), clock, choices.bars * bar, generator, choices);
    }
    const cut = cutOf(span, knobs);
    if (cut === span.from) {
      // All of it: the notes are heard, and what would come after them stands in their place.
      return after(heardOf(given.notes, span), clock, span.to - span.from, generator, choices);
    }
    const kept = given.notes.filter((note) => note.start_time < cut);
    const music = heardOf(kept, { from: span.from, to: cut });
    return from(after(music, clock, span.to - cut, generator, choices), cut - span.from);
  },

  answer(given, written, knobs, bar) {
    const span = spanOf(given.notes, bar);
    if (span === null) return given.notes;
    if (knobs.mode === MODES.newPitches) return withPitches(given.notes, written, knobs.amount);
    const at = knobs.mode === MODES.continue ? span.to : cutOf(span, knobs);
    const placed = written.map((note) => ({ ...note, start_time: note.start_time + at }));
    if (knobs.mode === MODES.continue) return [...given.notes, ...placed];
    return [...given.notes.filter((note) => note.mute || note.start_time < at), ...placed];
  },
};

interface Span {
  /** Beats on the clip's timeline: the bar line before the first note. */
  from: number;
  /** The bar line after the last. */
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

function heardOf(notes: readonly LiveNote[], { from, to }: Span): Heard {
  const audible = notes.filter((note) => !note.mute);
  const moved = audible.map(({ note_id: _, ...note }) => ({
    ...note,
    start_time: note.start_time - from,
    duration: Math.min(note.duration, to - note.start_time),
  }));
  return { notes: moved.sort((a, b) => a.start_time - b.start_time), length: to - from };
}

/** Where the replaced part begins; the start of all when nothing before it is kept. */
function cutOf(span: Span, { mode, amount }: Knobs): number {
  if (mode === MODES.newPitches) return span.from;
  const kept = (1 - amount) * (span.to - span.from);
  return span.from + Math.floor(kept / GRID) * GRID;
}

/** The same order, beginning at beat `start` instead of on the next bar line. */
function from(order: Order, start: number): Order {
  const end = start + order.end - order.start;
  const { qpm } = order.clock;
  const section = { startTime: toSeconds(start, qpm), endTime: toSeconds(end, qpm) };
  const options = { ...order.request.options, generateSections: [section] };
  return { ...order, start, end, request: { ...order.request, options } };
}

function withPitches(notes: LiveNote[], written: LiveNote[], amount: number): LiveNote[] {
  if (written.length === 0) return notes;
  const melody = [...written].sort((a, b) => a.start_time - b.start_time);
  const order = [...notes].sort((a, b) => a.start_time - b.start_time || a.pitch - b.pitch);
  const pitches = new Map<LiveNote, number>();
  order.forEach((note, index) => {
    const turn = ((index + 1) * SPREAD) % 1;
    const pitch = melody[index % melody.length]?.pitch;
    if (turn < amount && !note.mute && pitch !== undefined) pitches.set(note, pitch);
  });
  return notes.map((note) => ({ ...note, pitch: pitches.get(note) ?? note.pitch }));
}
