/** A device in the simulated Live: it can be loaded, operated, saved and removed. */

import { LiveSet } from "../live_set.ts";
import { TaskClock } from "../task.ts";
import { MaxWorld } from "../v8_host.ts";
import { factoryOf } from "./catalog.ts";
import { MidiIn, type MidiMessage, MidiOut, OpenDialog, ThisDevice, ThisPatcher } from "./host.ts";
import { LiveControl, Pattr } from "./live_control.ts";
import { MainThread } from "./main_thread.ts";
import type { Atom } from "./message.ts";
import type { BoxContext, Clock, MaxObject } from "./object.ts";
import { Patch, type PatcherFile } from "./patch.ts";

/** Makes objects that need more than their cords: scripts, and those of a MIDI Tool. */
type ExtraFactory = (name: string, context: BoxContext) => MaxObject | undefined;

/** Values that a Set saves, by a parameter's long name. */
export type Stored = Record<string, Atom[]>;

/** One Live with one Set, and its Max, shared by all devices. */
export class World {
  readonly main = new MainThread();
  readonly clock = new EventClock(this.main);
  readonly max: EventMax;
  readonly set: LiveSet;
  /** Lines that objects write to Max's window. */
  readonly console: string[] = [];
  /** All sources of lines in Max's window. */
  readonly consoles: string[][] = [];
  /** False for a Max without XMLHttpRequest. */
  hasHttp = true;
  /** Path of Node for node.script; null for a Max whose Node does not start. */
  node: string | null = process.execPath;
  /** Environment variables of its processes. */
  nodeEnvironment: Record<string, string> = {};

  constructor(set: LiveSet = new LiveSet(), listOfOne: "list" | "element" = "list") {
    this.set = set;
    this.max = new EventMax(listOfOne, this.clock);
    this.consoles.push(this.console, set.console);
  }

  /** All lines of Max's window: each is an error. */
  get complaints(): string[] {
    return this.consoles.flat();
  }
}

export class SimulatedDevice {
  readonly patch: Patch;
  private gone = false;

  /** Read the patch; Live's API is available after `load`. */
  constructor(
    private readonly file: PatcherFile,
    private readonly world: World,
    extra: ExtraFactory = () => undefined,
  ) {
    const complain = (text: string): void => void world.console.push(text);
    const make = (name: string, context: BoxContext): MaxObject | undefined =>
      this.native(name, context) ?? extra(name, context) ?? factoryOf(name)?.(context);
    const clock: Clock = {
      now: () => world.clock.now(),
      after: (milliseconds, action) => world.clock.schedule(milliseconds, action),
    };
    this.patch = new Patch(file, make, world.main, clock, complain);
  }

  /** Restore what the Set has saved, then report that Live's API is available. */
  load(stored: Stored = {}): void {
    this.world.main.run(() => {
      for (const object of this.patch.objects.values()) object.loaded?.();
      for (const control of this.parameters()) {
        const value = stored[control.parameter.longName];
        const restored = value !== undefined && control.parameter.visibility !== "hidden";
        if (restored) control.parameter.put(value);
        if (restored || control.parameter.hasInitial) control.output();
      }
    });
    this.world.main.run(() => {
      for (const one of this.all(ThisDevice)) one.ready();
    });
  }

  /** Return what the Set saves: parameters in the map that are not hidden. */
  save(): Stored {
    const listed = this.file.patcher.parameters ?? {};
    const saved: Stored = {};
    for (const [id, object] of this.patch.objects) {
      if (!(object instanceof LiveControl || object instanceof Pattr) || !(id in listed)) continue;
      if (object.parameter.visibility !== "hidden") {
        saved[object.parameter.longName] = object.parameter.value;
      }
    }
    return saved;
  }

  enable(on: boolean): void {
    this.world.main.run(() => {
      for (const one of this.all(ThisDevice)) one.enable(on);
    });
  }

  unload(): void {
    if (this.gone) return;
    this.gone = true;
    this.world.main.run(() => {
      for (const object of this.patch.objects.values()) object.closing?.();
    });
    this.world.main.run(() => {
      for (const object of this.patch.objects.values()) object.freed?.();
    });
  }

  click(varname: string): void {
    const control = this.reachable(varname);
    this.world.main.run(() => {
      if (control.isButton) control.press();
      else {
        control.parameter.put([control.parameter.number > 0 ? 0 : 1]);
        control.output();
      }
    });
  }

  /** Set a dial or a number box, or choose from a menu by index. */
  turn(varname: string, value: number): void {
    const control = this.reachable(varname);
    this.world.main.run(() => {
      control.parameter.put([value]);
      control.output();
    });
  }

  choose(varname: string, entry: string): void {
    const { entries } = this.control(varname).parameter;
    const index = entries.indexOf(entry);
    if (index < 0) throw new Error(`${varname} has no entry ${entry}: ${entries.join(", ")}.`);
    this.turn(varname, index);
  }

  control(varname: string): LiveControl {
    const object = this.patch.objects.get(this.patch.named(varname).id);
    if (object instanceof LiveControl) return object;
    throw new Error(`${varname} is not a control.`);
  }

  text(varname: string): string {
    const object = this.patch.objects.get(this.patch.named(varname).id);
    if (object && "text" in object) return String(object.text);
    throw new Error(`${varname} has no text.`);
  }

  value(varname: string): number {
    return this.control(varname).parameter.number;
  }

  visible(varname: string): boolean {
    const box = this.patch.named(varname);
    const moved = this.all(ThisPatcher).some((one) => one.touched.has(varname));
    if (moved) return !this.all(ThisPatcher).some((one) => one.hidden.has(varname));
    return box.presentation === 1 && !box.hidden;
  }

  /** Send a note to the track's input; velocity 0 ends it. */
  playNote(pitch: number, velocity: number): void {
    const status = velocity > 0 ? 0x90 : 0x80;
    this.world.main.run(() => {
      for (const one of this.all(MidiIn)) one.receiveBytes([status, pitch, velocity || 64]);
    });
  }

  get sentMidi(): MidiMessage[] {
    return this.all(MidiOut).flatMap((one) => one.sent);
  }

  get sounding(): number[] {
    const on = new Set<number>();
    for (const { bytes } of this.sentMidi) {
      const [status = 0, pitch = 0, velocity = 0] = bytes;
      if (status >> 4 === 9 && velocity > 0) on.add(pitch);
      else if (status >> 4 === 8 || status >> 4 === 9) on.delete(pitch);
    }
    return [...on];
  }

  answerDialog(path: string | null): void {
    const open = this.all(OpenDialog).find((one) => one.open);
    if (!open) throw new Error("No dialog is open.");
    this.world.main.run(() => open.answer(path));
  }

  private native(name: string, context: BoxContext): MaxObject | undefined {
    if (name === "thispatcher") return new ThisPatcher(context, () => this.patch.boxes.values());
    return undefined;
  }

  private reachable(varname: string): LiveControl {
    const control = this.control(varname);
    if (!this.visible(varname)) throw new Error(`${varname} cannot be clicked: it is hidden.`);
    if (!control.active) throw new Error(`${varname} cannot be clicked: it is gray.`);
    return control;
  }

  private parameters(): (LiveControl | Pattr)[] {
    return [...this.patch.objects.values()].filter(
      (one) => one instanceof LiveControl || one instanceof Pattr,
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: the arguments of the constructor do not matter
  private all<T>(kind: new (...made: any[]) => T): T[] {
    return [...this.patch.objects.values()].filter(
      (one): one is T & MaxObject => one instanceof kind,
    );
  }
}

class EventClock extends TaskClock {
  constructor(private readonly main: MainThread) {
    super();
  }

  override schedule(milliseconds: number, run: () => void): () => void {
    return super.schedule(milliseconds, () => this.main.run(run));
  }
}

/** What the scripts share, on that clock. */
class EventMax extends MaxWorld {
  override readonly clock: EventClock;

  constructor(listOfOne: "list" | "element", clock: EventClock) {
    super(listOfOne);
    this.clock = clock;
  }
}
