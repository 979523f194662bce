/** The device states that the pictures show. */

import { BOXES } from "../../core/generation/arguments.ts";
import type { RollNote } from "../../core/host/view.ts";
import { JAM_TEXTS } from "../../core/jam/jam.ts";
import type { Roll } from "./piano_roll.ts";

export interface ViewState {
  /** Texts of displays and buttons. */
  texts: Record<string, string>;
  values: Record<string, number>;
  entries: Record<string, string[]>;
  hidden: string[];
  inactive: string[];
  roll: Roll;
}

export interface View {
  /** Name of the device's file, without its extension. */
  device: string;
  /** Name of the picture's file, without theme and extension. */
  name: string;
  state: ViewState;
}

const GENERATORS = ["lstm_melody", "gru_melody", "lstm_polyphony", "gan_duo"];
const UNSERVED = ["tool_interpolate", "tool_groove", "tool_drumify"];
const JAM = ["jam", "jam_bars"];
const NOT_JAM = ["variations", "bars"];
/** Names and values of a generator's own arguments. */
type Settings = [string, number][];
const MELODY: Settings = [
  ["Top P", 0.97],
  ["Top K", 0],
  ["Min Pitch", 48],
  ["Max Pitch", 84],
  ["Program", -1],
];
const POLYPHONY: Settings = [
  ...MELODY.slice(0, 4),
  ["Density", 2.5],
  ["Voices", 4],
  ["Program", -1],
];
const RESULT = ["previous", "next", "audition", "keep", "drop"];

const EMPTY: Roll = { notes: [], length: 0 };

const state = (changes: Partial<ViewState>): ViewState => ({
  texts: {},
  values: {},
  entries: {},
  hidden: [],
  inactive: [],
  roll: EMPTY,
  ...changes,
});

/** Pitch, start, duration in beats, velocity. */
type Row = [number, number, number, number];

const PRIMER: Row[] = [
  [62, 0, 1, 92],
  [66, 1, 0.5, 80],
  [69, 1.5, 0.5, 84],
  [74, 2, 1, 100],
  [73, 3, 0.5, 78],
  [69, 3.5, 0.5, 82],
  [71, 4, 1, 94],
  [67, 5, 0.5, 76],
  [64, 5.5, 0.5, 80],
  [69, 6, 1.5, 98],
];

const ANSWER: Row[] = [
  [66, 8, 0.5, 90],
  [69, 8.5, 0.5, 84],
  [74, 9, 1, 104],
  [76, 10, 0.5, 96],
  [74, 10.5, 0.5, 86],
  [71, 11, 1, 92],
  [67, 12, 0.5, 88],
  [71, 12.5, 0.5, 82],
  [69, 13, 0.5, 94],
  [66, 13.5, 0.5, 78],
  [64, 14, 0.5, 84],
  [66, 14.5, 0.5, 80],
  [62, 15, 1, 100],
];

const rows = (notes: Row[], primer: boolean): RollNote[] =>
  notes.map(([pitch, start, duration, velocity]) => ({ pitch, start, duration, velocity, primer }));

const SAMPLE: Roll = {
  notes: [...rows(PRIMER, true), ...rows(ANSWER, false)],
  length: 16,
};

const connected = state({
  texts: {
    status: "8 generators at 127.0.0.1:50051",
    path: "gRPC",
    go: "Continue",
    candidate: "2 of 4",
    progress: "4 generated. Keep the ones you like.",
    chord: "C# D E F# G A B",
    ...labels(MELODY),
  },
  values: {
    tool_generate: 0,
    tool_continue: 1,
    variations: 4,
    seed: 31415,
    follow_scale: 1,
    ...numbers(MELODY),
  },
  entries: { generator: GENERATORS },
  hidden: [...UNSERVED, ...JAM, ...unused(MELODY)],
  inactive: ["cancel"],
  roll: SAMPLE,
});

const starting = state({
  texts: { status: "Starting the server.", go: "Generate" },
  hidden: [...UNSERVED, "tool_jam", ...JAM, ...unused([])],
  inactive: ["cancel", ...RESULT],
});

const failing = state({
  texts: {
    status: "Magenta Bridge is not installed. Run in a terminal: pip install magenta-bridge",
    go: "Generate",
  },
  hidden: [...UNSERVED, "tool_jam", ...JAM, ...unused([])],
  inactive: ["cancel", ...RESULT],
});

const jamming = state({
  texts: {
    ...connected.texts,
    ...labels(POLYPHONY),
    go: "Jam",
    candidate: "",
    progress: JAM_TEXTS.asking,
  },
  values: {
    ...connected.values,
    ...numbers(POLYPHONY),
    generator: GENERATORS.indexOf("lstm_polyphony"),
    tool_continue: 0,
    tool_jam: 1,
    jam: 1,
  },
  entries: connected.entries,
  hidden: [...UNSERVED, ...NOT_JAM, ...unused(POLYPHONY)],
  inactive: ["go", "cancel", ...RESULT],
});

const tool = state({
  texts: { status: "3 of 8. Press Apply to keep it." },
  values: { seed: 31415, choice: 3, amount: 100 },
  entries: { generator: GENERATORS },
});

export const VIEWS: View[] = [
  { device: "Magenta Bridge", name: "bridge-connected", state: connected },
  { device: "Magenta Bridge", name: "bridge-starting", state: starting },
  { device: "Magenta Bridge", name: "bridge-error", state: failing },
  { device: "Magenta Bridge", name: "bridge-jam", state: jamming },
  { device: "Magenta Bridge Generator", name: "generator", state: tool },
  { device: "Magenta Bridge Transformation", name: "transformation", state: tool },
];

function labels(settings: Settings): Record<string, string> {
  return Object.fromEntries(settings.map(([words], index) => [`arg_${index + 1}_label`, words]));
}

function numbers(settings: Settings): Record<string, number> {
  return Object.fromEntries(settings.map(([, value], index) => [`arg_${index + 1}`, value]));
}

/** Return the boxes that the settings do not use. */
function unused(settings: Settings): string[] {
  const all = Array.from({ length: BOXES }, (_, index) => `arg_${index + 1}`);
  return all.slice(settings.length).flatMap((id) => [id, `${id}_label`]);
}
