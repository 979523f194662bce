/**
 * A MIDI Tool: fetches music beforehand and answers Live from what is held.
 *
 * Live asks again and again, with every move of a control, and wants the same answer to the same
 * question. So nothing is drawn by chance here: a seed changes when the musician changes it.
 */

import { sentenceOf } from "../core/failures.ts";
import { type Menu, menuOf, whyNot } from "../core/generator_menu.ts";
import type { LiveNote, SetFacts } from "../core/live_port.ts";
import type { Generator } from "../core/messages.ts";
import { type Choices, type Order, takesScale } from "../core/request.ts";
import { drawSeed } from "../core/seeds.ts";
import { Writing } from "../core/writing.ts";
import { newHttpRequest } from "./http_request.ts";
import { TaskLater } from "./live_later.ts";
import { LiveSetPort } from "./set.ts";
import { ToolCycle } from "./tool_cycle.ts";
import type { Given } from "./tool_given.ts";
import { Held } from "./tool_held.ts";
import { ToolNotes } from "./tool_notes.ts";
import { keyOf, type Recipe } from "./tool_recipe.ts";
import { ToolServer } from "./tool_server.ts";
import { ToolView } from "./tool_view.ts";
import { liveVersion, tooOld } from "./versions.ts";

type Word = number | string;

/** Candidates that are fetched at once; Choice turns among them. */
const MANY = 8;
const NO_SET: SetFacts = {
  tempo: 120,
  signatureNumerator: 4,
  signatureDenominator: 4,
  rootNote: 0,
  scaleName: "",
  scaleIntervals: [],
  scaleOn: false,
};

export const TOOL_TEXTS = {
  looking: "Looking for a server.",
  noServer: "No server answers. In a terminal, type: magenta-bridge serve",
  noWay: "This Max has no XMLHttpRequest; update Live to 12.2 or later.",
  press: "Press Fetch.",
  noClip: "Open a MIDI clip, then press Fetch.",
  apply: "Ready; press Apply.",
} as const;

export class MidiTool {
  private readonly view = new ToolView();
  private readonly later = new TaskLater();
  private readonly held = new Held();
  private readonly notes: ToolNotes;
  private readonly server: ToolServer;
  private readonly cycle: ToolCycle;
  private readonly newRequest = newHttpRequest();
  private readonly values: Record<string, number> = { bars: 4, temperature: 1, seed: 1, choice: 1 };
  private set = NO_SET;
  private chosen = "";
  private menu: Menu = { entries: [], ids: [], index: 0 };
  private writing: Writing | null = null;
  private isReady = false;
  private refused = "";

  constructor(private readonly recipe: Recipe) {
    this.notes = new ToolNotes(recipe.kind);
    this.server = new ToolServer(this.newRequest, this.later, () => this.listed());
    this.cycle = new ToolCycle((given) => this.answer(given));
  }

  /** Live can be asked from now on. */
  ready(): void {
    if (this.isReady) return;
    this.isReady = true;
    this.refused = tooOld(liveVersion());
    if (this.refused === "") {
      this.set = new LiveSetPort().facts();
      this.server.start();
    }
    this.tell(this.refused || (this.newRequest === null ? TOOL_TEXTS.noWay : TOOL_TEXTS.looking));
  }

  control(id: string, value: Word): void {
    if (id === "fetch") this.fetch();
    else if (id === "dice") this.roll();
    else if (id === "generator") this.choose(this.menu.ids[Number(value)] ?? "");
    else if (id === "generator_id") this.restore(String(value));
    else this.turn(id, Number(value));
  }

  context(name: string): void {
    this.cycle.takeContext(name);
  }

  takeNotes(name: string): void {
    this.cycle.takeNotes(name);
  }

  close(): void {
    this.writing?.cancel();
    this.server.close();
    this.cycle.close();
    this.notes.close();
  }

  private turn(id: string, value: number): void {
    if (!Number.isFinite(value)) return;
    this.values[id] = value;
    if (this.isReady) this.cycle.trigger();
  }

  private roll(): void {
    this.values.seed = drawSeed(Math.random);
    this.view.set("seed", this.values.seed);
    this.fetch();
  }

  private choose(id: string): void {
    if (id === "") return;
    this.restore(id);
    this.view.set("generator_id", id);
    if (this.isReady) this.cycle.trigger();
  }

  private restore(id: string): void {
    if (id === "" || id === "0") return;
    this.chosen = id;
    this.showMenu();
  }

  private listed(): void {
    this.showMenu();
    if (this.writing !== null || this.refused !== "") return;
    const there = this.server.transport !== null;
    if (there && this.server.generators.length > 0) this.tell(this.obstacle || TOOL_TEXTS.press);
    else if (!there && this.server.hasLooked) this.tell(TOOL_TEXTS.noServer);
  }

  private showMenu(): void {
    const menu = menuOf(this.server.generators, this.recipe.tool, this.chosen);
    const same = menu.entries.join("\n") === this.menu.entries.join("\n");
    if (!same) this.view.entries("generator", menu.entries);
    if (!same || menu.index !== this.menu.index) this.view.set("generator", menu.index);
    this.menu = menu;
  }

  /** The generator in the menu. */
  private get generator(): Generator | null {
    const id = this.menu.ids[this.menu.index];
    return this.server.generators.find((one) => one.id === id) ?? null;
  }

  private get obstacle(): string {
    const id = this.menu.ids[this.menu.index] ?? "";
    const connected = this.server.transport !== null;
    return whyNot(this.server.generators, id, this.recipe.tool, connected);
  }

  /** Asks the server for what Live would want to know now. */
  private fetch(): void {
    if (!this.isReady || this.refused !== "") return;
    this.writing?.cancel();
    this.writing = null;
    this.set = new LiveSetPort().facts();
    const asked = this.cycle.trigger();
    const { transport } = this.server;
    const { given } = this.cycle;
    const obstacle = this.obstacle || (asked || given !== null ? "" : TOOL_TEXTS.noClip);
    if (obstacle !== "" || transport === null || given === null) {
      this.tell(obstacle);
      return;
    }
    try {
      this.write(this.order(given), transport);
    } catch (error) {
      this.tell((error as Error).message);
    }
  }

  private write(order: Order, transport: NonNullable<ToolServer["transport"]>): void {
    const key = keyOf(order);
    this.held.begin(key);
    let notice = "";
    const writing = new Writing(order, {
      progress: (text) => this.tell(text),
      candidate: ({ notes }) => {
        this.held.add(key, notes);
        if (this.held.count(key) === this.choice) this.show();
      },
      notice: (text) => {
        notice = text;
      },
      ended: (failure) => {
        this.writing = null;
        this.tell(failure === null ? notice || this.heldText(key) : sentenceOf(failure));
      },
    });
    this.writing = writing;
    writing.start(transport);
  }

  /** Has Live ask again, for now there is an answer. Whether it does, unasked, is not documented. */
  private show(): void {
    const asked = this.cycle.trigger();
    this.notes.write(asked ? "asked when music came" : "not asked when music came");
    if (!asked) this.tell(TOOL_TEXTS.apply);
  }

  /** Within Live's call: only what is at hand counts. */
  private answer(given: Given): LiveNote[] {
    this.notes.write("answered within the call");
    if (this.generator === null) return given.notes;
    try {
      const order = this.order(given);
      const found = this.held.find(keyOf(order), this.choice);
      if (this.writing === null) this.tell(found ? this.heldText(keyOf(order)) : TOOL_TEXTS.press);
      if (found === null) return given.notes;
      return this.recipe.answer(given, found, this.knobs, order.bar);
    } catch (error) {
      this.tell((error as Error).message);
      return given.notes;
    }
  }

  private order(given: Given): Order {
    const generator = this.generator as Generator;
    return this.recipe.order(
      given,
      generator,
      this.set,
      this.choices(given, generator),
      this.knobs,
    );
  }

  private choices({ context }: Given, generator: Generator): Choices {
    const { bars, temperature, seed } = this.values;
    return {
      bars: Math.max(1, Math.round(bars ?? 1)),
      variations: MANY,
      temperature: temperature ?? 1,
      seed: seed ?? 0,
      scale: takesScale(generator) ? context.scale : null,
      args: {},
    };
  }

  private get knobs() {
    const { mode, amount } = this.values;
    return { mode: mode ?? 0, amount: Math.min(1, Math.max(0, (amount ?? 100) / 100)) };
  }

  private get choice(): number {
    return Math.min(MANY, Math.max(1, Math.round(this.values.choice ?? 1)));
  }

  private heldText(key: string): string {
    const count = this.held.count(key);
    return `${Math.min(this.choice, count)} of ${count}; press Apply to keep it.`;
  }

  private tell(text: string): void {
    if (text !== "") this.view.text("status", text);
  }
}
