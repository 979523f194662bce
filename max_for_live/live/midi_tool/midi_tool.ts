/**
 * A MIDI Tool: fetches music in advance and responds to Live from a cache.
 *
 * Live sends a request with every move of a control, and expects the same response to the same
 * request. So nothing here is random: the seed changes only when the user changes it.
 */

import { GenerationTask } from "../../core/generation/generation_task.ts";
import { type Menu, menuFor, unavailableReason } from "../../core/generation/generator_menu.ts";
import { type Choices, type GenerationPlan, takesScale } from "../../core/generation/request.ts";
import { drawSeed } from "../../core/generation/seeds.ts";
import type { LiveNote, SetFacts } from "../../core/host/live_port.ts";
import type { Generator } from "../../core/transport/messages.ts";
import { sentenceOf } from "../../core/transport/transport.ts";
import { newHttpRequest } from "../http_request.ts";
import { LiveSetPort } from "../set.ts";
import { TaskScheduler } from "../task_scheduler.ts";
import { liveVersion, unsupportedReason } from "../versions.ts";
import { Diagnostics } from "./diagnostics.ts";
import { LiveCycle, TOOL_OUT, type ToolInput } from "./live_cycle.ts";
import { keyOf, type Recipe } from "./recipe.ts";
import { ResultCache } from "./result_cache.ts";
import { ToolServer } from "./server.ts";

type Atom = number | string;

/** Candidates per fetch. */
const CANDIDATES = 8;
const NO_SET: SetFacts = {
  tempo: 120,
  signatureNumerator: 4,
  signatureDenominator: 4,
  rootNote: 0,
  scaleName: "",
  scaleIntervals: [],
  scaleOn: false,
};

const TOOL_TEXTS = {
  looking: "Looking for a server.",
  noServer: "No server is running. Run in a terminal: magenta-bridge serve",
  noTransport: "This version of Max has no XMLHttpRequest. Update Live to 12.2 or later.",
  fetch: "Press Fetch.",
  noClip: "Open a MIDI clip, then press Fetch.",
  apply: "Ready. Press Apply.",
} as const;

class MidiTool {
  private readonly view = new ToolView();
  private readonly scheduler = new TaskScheduler();
  private readonly cache = new ResultCache();
  private readonly diagnostics: Diagnostics;
  private readonly server: ToolServer;
  private readonly cycle: LiveCycle;
  private readonly newRequest = newHttpRequest();
  private readonly values: Record<string, number> = { bars: 4, temperature: 1, seed: 1, choice: 1 };
  private set = NO_SET;
  private chosen = "";
  private menu: Menu = { entries: [], ids: [], index: 0 };
  private task: GenerationTask | null = null;
  private isReady = false;
  private unsupported = "";

  constructor(private readonly recipe: Recipe) {
    this.diagnostics = new Diagnostics(recipe.kind);
    this.server = new ToolServer(this.newRequest, this.scheduler, () => this.onList());
    this.cycle = new LiveCycle((input) => this.answer(input));
  }

  /** Start: Live's API is available from now on. */
  ready(): void {
    if (this.isReady) return;
    this.isReady = true;
    this.unsupported = unsupportedReason(liveVersion());
    if (this.unsupported === "") {
      this.set = new LiveSetPort().facts();
      this.server.start();
    }
    this.showStatus(
      this.unsupported || (this.newRequest === null ? TOOL_TEXTS.noTransport : TOOL_TEXTS.looking),
    );
  }

  control(id: string, value: Atom): void {
    if (id === "fetch") this.fetch();
    else if (id === "random_seed") this.randomizeSeed();
    else if (id === "generator") this.chooseGenerator(this.menu.ids[Number(value)] ?? "");
    else if (id === "generator_id") this.restoreGenerator(String(value));
    else this.setValue(id, Number(value));
  }

  context(name: string): void {
    this.cycle.takeContext(name);
  }

  takeNotes(name: string): void {
    this.cycle.takeNotes(name);
  }

  close(): void {
    this.task?.cancel();
    this.server.close();
    this.cycle.close();
    this.diagnostics.close();
  }

  private setValue(id: string, value: number): void {
    if (!Number.isFinite(value)) return;
    this.values[id] = value;
    if (this.isReady) this.cycle.trigger();
  }

  private randomizeSeed(): void {
    this.values.seed = drawSeed(Math.random);
    this.view.set("seed", this.values.seed);
    this.fetch();
  }

  private chooseGenerator(id: string): void {
    if (id === "") return;
    this.restoreGenerator(id);
    this.view.set("generator_id", id);
    if (this.isReady) this.cycle.trigger();
  }

  private restoreGenerator(id: string): void {
    if (id === "" || id === "0") return;
    this.chosen = id;
    this.showMenu();
  }

  private onList(): void {
    this.showMenu();
    if (this.task !== null || this.unsupported !== "") return;
    const connected = this.server.transport !== null;
    if (connected && this.server.generators.length > 0)
      this.showStatus(this.problem || TOOL_TEXTS.fetch);
    else if (!connected && this.server.hasChecked) this.showStatus(TOOL_TEXTS.noServer);
  }

  private showMenu(): void {
    const menu = menuFor(this.server.generators, this.recipe.tool, this.chosen);
    const same = menu.entries.join("\n") === this.menu.entries.join("\n");
    if (!same) this.view.entries("generator", menu.entries);
    if (!same || menu.index !== this.menu.index) this.view.set("generator", menu.index);
    this.menu = menu;
  }

  private get generator(): Generator | null {
    const id = this.menu.ids[this.menu.index];
    return this.server.generators.find((one) => one.id === id) ?? null;
  }

  private get problem(): string {
    const id = this.menu.ids[this.menu.index] ?? "";
    const connected = this.server.transport !== null;
    return unavailableReason(this.server.generators, id, this.recipe.tool, connected);
  }

  /** Generate music for Live's current input. */
  private fetch(): void {
    if (!this.isReady || this.unsupported !== "") return;
    this.task?.cancel();
    this.task = null;
    this.set = new LiveSetPort().facts();
    const requested = this.cycle.trigger();
    const { transport } = this.server;
    const { input } = this.cycle;
    const problem = this.problem || (requested || input !== null ? "" : TOOL_TEXTS.noClip);
    if (problem !== "" || transport === null || input === null) {
      this.showStatus(problem);
      return;
    }
    try {
      this.generate(this.plan(input), transport);
    } catch (error) {
      this.showStatus((error as Error).message);
    }
  }

  private generate(plan: GenerationPlan, transport: NonNullable<ToolServer["transport"]>): void {
    const key = keyOf(plan);
    this.cache.begin(key);
    let notice = "";
    const task = new GenerationTask(plan, {
      progress: (text) => this.showStatus(text),
      candidate: ({ notes }) => {
        this.cache.add(key, notes);
        if (this.cache.count(key) === this.choice) this.show();
      },
      notice: (text) => {
        notice = text;
      },
      ended: (failure) => {
        this.task = null;
        this.showStatus(failure === null ? notice || this.cacheText(key) : sentenceOf(failure));
      },
    });
    this.task = task;
    task.start(transport);
  }

  /** Make Live send a request for the new music; whether Live does so is not documented. */
  private show(): void {
    const requested = this.cycle.trigger();
    this.diagnostics.write(requested ? "request after a bang" : "no request after a bang");
    if (!requested) this.showStatus(TOOL_TEXTS.apply);
  }

  /** Respond within Live's call, from the cache. */
  private answer(input: ToolInput): LiveNote[] {
    this.diagnostics.write("responded within the call");
    if (this.generator === null) return input.notes;
    try {
      const plan = this.plan(input);
      const cached = this.cache.find(keyOf(plan), this.choice);
      if (this.task === null)
        this.showStatus(cached ? this.cacheText(keyOf(plan)) : TOOL_TEXTS.fetch);
      if (cached === null) return input.notes;
      return this.recipe.answer(input, cached, this.parameters, plan.bar);
    } catch (error) {
      this.showStatus((error as Error).message);
      return input.notes;
    }
  }

  private plan(input: ToolInput): GenerationPlan {
    const generator = this.generator as Generator;
    return this.recipe.plan(
      input,
      generator,
      this.set,
      this.choices(input, generator),
      this.parameters,
    );
  }

  private choices({ context }: ToolInput, generator: Generator): Choices {
    const { bars, temperature, seed } = this.values;
    return {
      bars: Math.max(1, Math.round(bars ?? 1)),
      variations: CANDIDATES,
      temperature: temperature ?? 1,
      seed: seed ?? 0,
      scale: takesScale(generator) ? context.scale : null,
      args: {},
    };
  }

  private get parameters() {
    const { mode, amount } = this.values;
    return { mode: mode ?? 0, amount: Math.min(1, Math.max(0, (amount ?? 100) / 100)) };
  }

  private get choice(): number {
    return Math.min(CANDIDATES, Math.max(1, Math.round(this.values.choice ?? 1)));
  }

  private cacheText(key: string): string {
    const count = this.cache.count(key);
    return `${Math.min(this.choice, count)} of ${count}. Press Apply to keep it.`;
  }

  private showStatus(text: string): void {
    if (text !== "") this.view.text("status", text);
  }
}

class ToolView {
  private readonly shown = new Map<string, string>();

  set(id: string, value: number | string): void {
    outlet(TOOL_OUT.ui, [id, "set", value]);
  }

  entries(id: string, entries: string[]): void {
    outlet(TOOL_OUT.ui, [id, "_parameter_range", ...entries]);
  }

  text(id: string, text: string): void {
    if (this.shown.get(id) === text) return;
    this.shown.set(id, text);
    outlet(TOOL_OUT.ui, [id, "text", text]);
  }
}

const CONTEXT_INLET = 1;

export function toolScript(recipe: Recipe) {
  let instance: MidiTool | null = null;
  let isClosed = false;

  /** Create nothing while the script is loaded: Max has no outlets yet. */
  const tool = (): MidiTool | null => {
    if (isClosed) return null;
    instance ??= new MidiTool(recipe);
    return instance;
  };
  const closing = () => {
    if (!isClosed) instance?.close();
    isClosed = true;
  };
  return {
    live_ready: () => tool()?.ready(),
    control: (id: string, ...values: Atom[]) => tool()?.control(String(id), values[0] ?? 1),
    notes: (name: string) => tool()?.takeNotes(String(name)),
    dictionary: (name: string) => {
      if (inlet === CONTEXT_INLET) tool()?.context(String(name));
      else tool()?.takeNotes(String(name));
    },
    closing,
    notifydeleted: closing,
  };
}
