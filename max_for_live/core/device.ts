/** The main device: what each control does, and what it shows. */

import { Desk, targetFor } from "./generation/candidate_workspace.ts";
import { Panel } from "./generation/parameters_panel.ts";
import { heard } from "./generation/primer_window.ts";
import { orderFor, refuseAudio } from "./generation/request.ts";
import { Selection } from "./generation/selection.ts";
import { QuietView } from "./host/caching_view.ts";
import type { DeviceParts } from "./host/dependencies.ts";
import { Jam } from "./jam/jam.ts";
import type { SongTime } from "./jam/jam_clock.ts";
import { responder } from "./jam/responder.ts";
import { runSelfTest } from "./self_test.ts";
import { Strip } from "./status_line.ts";
import { Connection } from "./transport/connection.ts";
import { lostServer, messageOf } from "./transport/failures.ts";
import type { Generator } from "./transport/messages.ts";

type Word = number | string;

export class Device {
  private readonly view: QuietView;
  private readonly strip: Strip;
  private readonly panel: Panel;
  private readonly selection: Selection;
  private readonly connection: Connection;
  private readonly desk: Desk;
  private readonly jam: Jam;
  private readonly held = new Set<number>();
  private readonly actions: Readonly<Record<string, (value: Word) => void>>;
  /** Id that the Set has kept for the boxes' stored values; null once they have been used. */
  private storedFor: string | null = null;
  private isReady = false;
  private isClosed = false;

  constructor(private readonly parts: DeviceParts) {
    const { live, later, player, random, ways, host } = parts;
    const view = new QuietView(parts.view);
    this.view = view;
    this.strip = new Strip(view);
    this.panel = new Panel(view, live, random);
    this.selection = new Selection(view);
    this.connection = new Connection(ways, later, host, {
      standing: (standing) => this.strip.stand(standing),
      listed: (generators) => this.listed(generators),
      lost: () => {
        this.jam.lost(lostServer().message);
        this.desk.lost(lostServer());
      },
    });
    const doubt = () => this.connection.doubt();
    this.desk = new Desk({ view, live, later, player, strip: this.strip, doubt });
    this.jam = this.makeJam();
    this.actions = this.makeActions();
  }

  /** Live can be asked from now on. */
  ready(): void {
    if (this.isReady || this.isClosed) return;
    this.isReady = true;
    this.selection.show();
    this.panel.use(this.selection.generator, false);
    this.desk.show();
    this.connection.start();
  }

  /** A control has been moved, or tells its stored value as the Set is loaded. */
  control(id: string, ...values: Word[]): void {
    if (this.isClosed) return;
    this.view.moved(id);
    this.guard(() => {
      const action = this.actions[id];
      const value = values.length > 1 ? values.join(" ") : (values[0] ?? 1);
      if (action) action(value);
      else if (id.startsWith("tool_")) this.pressTool(id.slice("tool_".length), value);
      else this.panel.take(id, Number(value));
    });
  }

  /** A message from node.script's left outlet. */
  node(selector: string, ...words: Word[]): void {
    if (!this.isClosed) this.guard(() => this.connection.hear(selector, words));
  }

  /** A message from node.script's right outlet. */
  nodeStatus(...words: Word[]): void {
    if (!this.isClosed) this.guard(() => this.connection.hearStatus(words));
  }

  /** A note on the device's track; velocity 0 ends it. */
  heard(pitch: number, velocity: number): void {
    if (velocity > 0) this.held.add(pitch);
    else this.held.delete(pitch);
    this.jam.heard(pitch, velocity);
  }

  /** Where Live's song is, some 20 times a second; null while it stands. */
  song(time: SongTime | null): void {
    if (!this.isClosed) this.guard(() => this.jam.look(time));
  }

  /** The path chosen for the program magenta-bridge. */
  picked(path: string): void {
    this.guard(() => {
      this.view.set("program_path", path);
      this.connection.useProgram(path);
    });
  }

  /** The piano roll has been clicked. */
  rollClicked(): void {
    this.guard(() => this.desk.toggleAudition());
  }

  /** The device has been switched on or off. */
  enabled(on: boolean): void {
    if (on) return;
    this.held.clear();
    this.guard(() => this.desk.silence());
    this.jam.panic();
  }

  /** The device goes: everything falls silent and nothing more is sent. */
  closing(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.desk.close();
    this.jam.close();
    this.parts.player.silence();
    this.connection.close();
  }

  private makeActions(): Record<string, (value: Word) => void> {
    const press = (action: () => void) => (value: Word) => {
      // Buttons say 1 when pressed; some say 0 when let go.
      if (Number(value) === 0) return;
      this.strip.clear();
      action();
    };
    return {
      go: press(() => this.go()),
      cancel: press(() => this.desk.cancel()),
      previous: press(() => this.desk.move(-1)),
      next: press(() => this.desk.move(1)),
      audition: (value) => this.desk.listen(Number(value) !== 0),
      keep: press(() => this.desk.keep()),
      drop: press(() => this.desk.drop()),
      dice: press(() => this.panel.roll()),
      chord_learn: press(() => this.learnChord()),
      chord_clear: press(() => this.panel.forgetChord()),
      chord_notes: (value) => this.panel.restoreChord(String(value)),
      generator: (value) => this.chooseGenerator(Number(value)),
      generator_id: (value) => this.restoreGenerator(String(value)),
      tool: (value) => this.restoreTool(String(value)),
      program: press(() => this.parts.host.chooseProgram()),
      program_path: (value) => this.connection.useProgram(textOf(value)),
      reconnect: press(() => this.connection.start()),
      self_test: press(() => this.selfTest()),
      jam: (value) => this.jam.turn(Number(value) !== 0),
      jam_bars: (value) => this.jam.setBars(Number(value)),
      panic: press(() => this.panic()),
    };
  }

  private makeJam(): Jam {
    const { later, player } = this.parts;
    const respond = responder(this.parts, this.selection, this.panel, this.connection);
    const tell = (text: string) => {
      if (this.selection.tool.id === "jam") this.view.text("progress", text);
    };
    return new Jam({ now: () => later.now(), player, ask: respond, tell });
  }

  private go(): void {
    const { live } = this.parts;
    const transport = this.connection.transport;
    const obstacle = this.selection.obstacle(transport !== null);
    const generator = this.selection.generator;
    if (obstacle || !transport || !generator) {
      this.strip.refuse(obstacle);
      return;
    }
    const { tool } = this.selection;
    refuseAudio(tool, live.selectedAudio());
    const clip = live.selectedClip();
    const target = targetFor(clip, live, tool.primer);
    // Everything that may be refused comes before the seed is drawn anew.
    const choices = this.panel.choices();
    orderFor(tool, generator, live.facts(), clip, choices);
    if (this.panel.get("new_seed") >= 0.5) this.panel.roll();
    const order = orderFor(tool, generator, live.facts(), clip, this.panel.choices());
    this.desk.begin(order, target, transport);
  }

  private listed(generators: Generator[]): void {
    this.strip.answered();
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
    const known = textOf(id);
    if (known === "" || known === this.selection.generatorId) return;
    this.storedFor = known;
    this.selection.restore(known);
    this.useGenerator();
  }

  private restoreTool(id: string): void {
    if (textOf(id) !== "" && id !== this.selection.tool.id) this.pressTool(id, 1);
  }

  private pressTool(id: string, value: Word): void {
    if (Number(value) === 0 && id !== this.selection.tool.id) return;
    this.strip.clear();
    if (id !== "jam" && this.jam.isOn) {
      this.jam.turn(false);
      this.view.set("jam", 0);
    }
    this.selection.chooseTool(id);
    this.useGenerator();
  }

  private learnChord(): void {
    if (this.held.size > 0) {
      this.panel.learn([...this.held]);
      return;
    }
    const clip = this.parts.live.selectedClip();
    const notes = clip ? heard(clip).notes : [];
    if (notes.length === 0) {
      this.strip.refuse("Hold some keys, or select a MIDI clip with the chord's notes.");
      return;
    }
    this.panel.learn(notes.map(({ pitch }) => pitch));
  }

  private panic(): void {
    this.held.clear();
    this.desk.silence();
    this.jam.panic();
    this.parts.player.silence();
  }

  private selfTest(): void {
    this.view.text("progress", "Self-test: running.");
    runSelfTest(this.parts, this.connection, (text) => this.view.text("progress", text));
  }

  /** No mistake may reach Max's console, where nobody looks: it goes on the strip. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (thrown) {
      this.strip.refuse(messageOf(thrown));
    }
  }
}

/** Max writes an empty text as 0, or in quotes. */
function textOf(value: Word): string {
  const text = String(value).trim();
  return text === "0" || text === '""' ? "" : text;
}
