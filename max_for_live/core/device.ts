/** The main device: what each control does, and what the device shows. */

import { CandidateWorkspace, targetFor } from "./generation/candidate_workspace.ts";
import { ParametersPanel } from "./generation/parameters_panel.ts";
import { primerOf } from "./generation/primer_window.ts";
import { planFor, refuseAudio } from "./generation/request.ts";
import { Selection } from "./generation/selection.ts";
import type { DeviceDependencies } from "./host/ports.ts";
import { CachingView } from "./host/view.ts";
import { Jam } from "./jam/jam.ts";
import type { SongTime } from "./jam/jam_clock.ts";
import { responder } from "./jam/responder.ts";
import { runSelfTest } from "./self_test.ts";
import { StatusLine } from "./status_line.ts";
import { Connection } from "./transport/connection.ts";
import type { Generator } from "./transport/messages.ts";
import { errorMessage, SERVER_LOST } from "./transport/transport.ts";

type Atom = number | string;

export class Device {
  private readonly view: CachingView;
  private readonly statusLine: StatusLine;
  private readonly panel: ParametersPanel;
  private readonly selection: Selection;
  private readonly connection: Connection;
  private readonly workspace: CandidateWorkspace;
  private readonly jam: Jam;
  private readonly heldKeys = new Set<number>();
  private readonly actions: Readonly<Record<string, (value: Atom) => void>>;
  /** Generator whose settings the Set has restored; null once they have been used. */
  private storedFor: string | null = null;
  private isReady = false;
  private isClosed = false;

  constructor(private readonly dependencies: DeviceDependencies) {
    const { live, scheduler, player, random, transports, host } = dependencies;
    const view = new CachingView(dependencies.view);
    this.view = view;
    this.statusLine = new StatusLine(view);
    this.panel = new ParametersPanel(view, live, random);
    this.selection = new Selection(view);
    this.connection = new Connection(transports, scheduler, host, {
      status: (status) => this.statusLine.setStatus(status),
      listed: (generators) => this.onList(generators),
      lost: () => {
        this.jam.lost(SERVER_LOST.message);
        this.workspace.lost(SERVER_LOST);
      },
    });
    const reportUnavailable = () => this.connection.reportUnavailable();
    this.workspace = new CandidateWorkspace({
      view,
      live,
      scheduler,
      player,
      statusLine: this.statusLine,
      reportUnavailable,
    });
    this.jam = this.makeJam();
    this.actions = this.makeActions();
  }

  /** Start: Live's API is available from now on. */
  ready(): void {
    if (this.isReady || this.isClosed) return;
    this.isReady = true;
    this.selection.show();
    this.panel.use(this.selection.generator, false);
    this.workspace.show();
    this.connection.start();
  }

  /** Handle a control that was moved, or whose stored value the Set restores. */
  control(id: string, ...values: Atom[]): void {
    if (this.isClosed) return;
    this.view.moved(id);
    this.guard(() => {
      const action = this.actions[id];
      const value = values.length > 1 ? values.join(" ") : (values[0] ?? 1);
      if (action) action(value);
      else if (id.startsWith("tool_")) this.selectTool(id.slice("tool_".length), value);
      else this.panel.take(id, Number(value));
    });
  }

  /** Handle a message from the left outlet of node.script. */
  node(selector: string, ...words: Atom[]): void {
    if (!this.isClosed) this.guard(() => this.connection.receive(selector, words));
  }

  /** Handle a message from the right outlet of node.script. */
  nodeStatus(...words: Atom[]): void {
    if (!this.isClosed) this.guard(() => this.connection.receiveStatus(words));
  }

  /** Handle a note on the device's track; velocity 0 ends it. */
  noteIn(pitch: number, velocity: number): void {
    if (velocity > 0) this.heldKeys.add(pitch);
    else this.heldKeys.delete(pitch);
    this.jam.noteIn(pitch, velocity);
  }

  /** Handle the transport's position, about 20 times per second; null while it is stopped. */
  song(time: SongTime | null): void {
    if (!this.isClosed) this.guard(() => this.jam.update(time));
  }

  /** Use the path that the user chose for the program magenta-bridge. */
  picked(path: string): void {
    this.guard(() => {
      this.view.set("program_path", path);
      this.connection.useProgram(path);
    });
  }

  rollClicked(): void {
    this.guard(() => this.workspace.toggleAudition());
  }

  /** Handle that the device was switched on or off. */
  enabled(on: boolean): void {
    if (on) return;
    this.heldKeys.clear();
    this.guard(() => this.workspace.silence());
    this.jam.panic();
  }

  /** Stop everything: the device is being removed. */
  closing(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.workspace.close();
    this.jam.close();
    this.dependencies.player.silence();
    this.connection.close();
  }

  private makeActions(): Record<string, (value: Atom) => void> {
    const press = (action: () => void) => (value: Atom) => {
      // Buttons send 1 when pressed; some send 0 when released.
      if (Number(value) === 0) return;
      this.statusLine.clear();
      action();
    };
    return {
      go: press(() => this.go()),
      cancel: press(() => this.workspace.cancel()),
      previous: press(() => this.workspace.move(-1)),
      next: press(() => this.workspace.move(1)),
      audition: (value) => this.workspace.setAudition(Number(value) !== 0),
      keep: press(() => this.workspace.keep()),
      drop: press(() => this.workspace.drop()),
      random_seed: press(() => this.panel.randomizeSeed()),
      chord_learn: press(() => this.learnChord()),
      chord_clear: press(() => this.panel.forgetChord()),
      chord_notes: (value) => this.panel.restoreChord(String(value)),
      generator: (value) => this.chooseGenerator(Number(value)),
      generator_id: (value) => this.restoreGenerator(String(value)),
      tool: (value) => this.restoreTool(String(value)),
      program: press(() => this.dependencies.host.chooseProgram()),
      program_path: (value) => this.connection.useProgram(textOf(value)),
      reconnect: press(() => this.connection.start()),
      self_test: press(() => this.selfTest()),
      jam: (value) => this.jam.setOn(Number(value) !== 0),
      jam_bars: (value) => this.jam.setBars(Number(value)),
      panic: press(() => this.panic()),
    };
  }

  private makeJam(): Jam {
    const { scheduler, player } = this.dependencies;
    const respond = responder(this.dependencies, this.selection, this.panel, this.connection);
    const report = (text: string) => {
      if (this.selection.tool.id === "jam") this.view.text("progress", text);
    };
    return new Jam({ now: () => scheduler.now(), player, generate: respond, report });
  }

  private go(): void {
    const { live } = this.dependencies;
    const transport = this.connection.transport;
    const problem = this.selection.problem(transport !== null);
    const generator = this.selection.generator;
    if (problem || !transport || !generator) {
      this.statusLine.refuse(problem);
      return;
    }
    const { tool } = this.selection;
    refuseAudio(tool, live.selectedAudio());
    const clip = live.selectedClip();
    const target = targetFor(clip, live, tool.primer);
    // Check everything that can fail before drawing a new seed.
    const choices = this.panel.choices();
    planFor(tool, generator, live.facts(), clip, choices);
    if (this.panel.get("new_seed") >= 0.5) this.panel.randomizeSeed();
    const plan = planFor(tool, generator, live.facts(), clip, this.panel.choices());
    this.workspace.start(plan, target, transport);
  }

  private onList(generators: Generator[]): void {
    this.statusLine.answered();
    this.selection.list(generators);
    this.useGenerator();
  }

  private useGenerator(): void {
    const generator = this.selection.generator;
    const stored = generator !== null && this.storedFor === generator.id;
    if (generator) this.storedFor = null;
    this.panel.use(generator, stored);
  }

  private chooseGenerator(index: number): void {
    this.selection.chooseEntry(index);
    this.useGenerator();
  }

  private restoreGenerator(id: string): void {
    const storedId = textOf(id);
    if (storedId === "" || storedId === this.selection.generatorId) return;
    this.storedFor = storedId;
    this.selection.restore(storedId);
    this.useGenerator();
  }

  private restoreTool(id: string): void {
    if (textOf(id) !== "" && id !== this.selection.tool.id) this.selectTool(id, 1);
  }

  private selectTool(id: string, value: Atom): void {
    if (Number(value) === 0 && id !== this.selection.tool.id) return;
    this.statusLine.clear();
    if (id !== "jam" && this.jam.isOn) {
      this.jam.setOn(false);
      this.view.set("jam", 0);
    }
    this.selection.chooseTool(id);
    this.useGenerator();
  }

  private learnChord(): void {
    if (this.heldKeys.size > 0) {
      this.panel.learn([...this.heldKeys]);
      return;
    }
    const clip = this.dependencies.live.selectedClip();
    const notes = clip ? primerOf(clip).notes : [];
    if (notes.length === 0) {
      this.statusLine.refuse("Hold keys, or select a MIDI clip with the notes of the chord.");
      return;
    }
    this.panel.learn(notes.map(({ pitch }) => pitch));
  }

  private panic(): void {
    this.heldKeys.clear();
    this.workspace.silence();
    this.jam.panic();
    this.dependencies.player.silence();
  }

  private selfTest(): void {
    this.view.text("progress", "Self-test: running.");
    runSelfTest(this.dependencies, this.connection, (text) => this.view.text("progress", text));
  }

  /** Show errors on the status line: Max's console is hidden. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.statusLine.refuse(errorMessage(thrown));
    }
  }
}

/** Max writes an empty text as 0, or in quotes. */
function textOf(value: Atom): string {
  const text = String(value).trim();
  return text === "0" || text === '""' ? "" : text;
}
