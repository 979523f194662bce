/** The parameters of the music: values of controls, and arguments of the generator. */

import type { LivePort } from "../host/live_port.ts";
import type { View } from "../host/view.ts";
import type { Generator } from "../transport/messages.ts";
import { BOXES, type Box, boxesOf, clamp, has, valuesOf } from "./arguments.ts";
import { type Choices, takesScale } from "./request.ts";
import {
  chordOf,
  decodeScale,
  encodeScale,
  intersect,
  noteNames,
  type Scale,
  scaleOf,
} from "./scale.ts";
import { drawSeed } from "./seeds.ts";

const ALL_NOTES = "All Notes";

/** Initial values, as in `controls.json`. */
const INITIAL: Readonly<Record<string, number>> = {
  variations: 1,
  bars: 4,
  temperature: 1,
  seed: 1,
  new_seed: 1,
  follow_scale: 0,
};

const RANGES: Readonly<Record<string, [number, number]>> = {
  variations: [1, 8],
  bars: [1, 64],
  temperature: [0, 4],
  seed: [0, 65_535],
};

export class ParametersPanel {
  private readonly values = new Map<string, number>(Object.entries(INITIAL));
  private readonly numbers: (number | undefined)[] = [];
  private readonly kept = new Map<string, number[]>();
  private boxes: Box[] = [];
  private generator: Generator | null = null;
  private chord: Scale | null = null;

  constructor(
    private readonly view: View,
    private readonly live: LivePort,
    private readonly random: () => number,
  ) {}

  /** Set a control's value; return false if the control is not part of this panel. */
  take(id: string, value: number): boolean {
    const box = /^arg_(\d+)$/.exec(id);
    if (box && Number(box[1]) <= BOXES) this.turn(Number(box[1]) - 1, value);
    else if (this.values.has(id)) this.values.set(id, value);
    else return false;
    return true;
  }

  get(id: string): number {
    const value = this.values.get(id) ?? 0;
    const [low, high] = RANGES[id] ?? [0, 1];
    return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : low;
  }

  randomizeSeed(): void {
    const seed = drawSeed(this.random);
    this.values.set("seed", seed);
    this.view.set("seed", seed);
  }

  learn(pitches: readonly number[]): void {
    this.keepChord(chordOf(pitches));
  }

  forgetChord(): void {
    this.keepChord(null);
  }

  /** Restore the chord that was saved with the Set. */
  restoreChord(word: string): void {
    this.chord = decodeScale(word);
    this.showScale();
  }

  private keepChord(chord: Scale | null): void {
    this.chord = chord;
    this.view.set("chord_notes", encodeScale(chord));
    this.showScale();
  }

  /**
   * Show the generator's arguments. The boxes keep their values for each generator; with `stored`,
   * their current values were saved with the Set for this generator.
   */
  use(generator: Generator | null, stored: boolean): void {
    if (this.generator && generator?.id !== this.generator.id) {
      this.kept.set(this.generator.id, this.current());
    }
    const known = generator ? this.kept.get(generator.id) : undefined;
    const same = generator !== null && generator.id === this.generator?.id;
    this.generator = generator;
    this.boxes = generator ? boxesOf(generator) : [];
    const before = [...this.numbers];
    this.boxes.forEach((box, index) => {
      const number = same || stored ? before[index] : known?.[index];
      this.numbers[index] = clamp(number ?? box.initial, box);
    });
    this.show();
  }

  choices(): Choices {
    return {
      bars: Math.round(this.get("bars")),
      variations: Math.round(this.get("variations")),
      temperature: this.get("temperature"),
      seed: Math.round(this.get("seed")),
      scale: this.allowed(),
      args: valuesOf(this.boxes, this.current()),
    };
  }

  private turn(index: number, value: number): void {
    const box = this.boxes[index];
    this.numbers[index] = box ? clamp(value, box) : value;
    if (box?.help) this.view.text("progress", `${box.label}: ${box.help}`);
  }

  private current(): number[] {
    return this.boxes.map((box, index) => this.numbers[index] ?? box.initial);
  }

  private allowed(): Scale | null {
    if (this.generator && !takesScale(this.generator)) return null;
    const scale = this.get("follow_scale") >= 0.5 ? scaleOf(this.live.facts()) : null;
    return intersect(scale, this.chord);
  }

  private show(): void {
    for (let index = 0; index < BOXES; index += 1) this.showBox(index);
    const generator = this.generator;
    this.view.active("temperature", generator === null || has(generator, "temperature"));
    this.showScale();
  }

  private showBox(index: number): void {
    const id = `arg_${index + 1}`;
    const box = this.boxes[index];
    this.view.visible(id, box !== undefined);
    this.view.visible(`${id}_label`, box !== undefined);
    if (!box) return;
    this.view.range(id, box.low, box.high);
    this.view.set(id, this.numbers[index] ?? box.initial);
    this.view.text(`${id}_label`, box.label);
  }

  private showScale(): void {
    const able = this.generator === null || takesScale(this.generator);
    for (const id of ["follow_scale", "chord_learn", "chord_clear"]) this.view.active(id, able);
    const chord = this.chord ? noteNames(this.chord) : ALL_NOTES;
    this.view.text("chord", able ? chord : `${this.generator?.id} does not support scales`);
  }
}
