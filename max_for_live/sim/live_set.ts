/**
 * Live's object model, as far as the devices use it.
 *
 * It reproduces documented or measured behavior: errors, undo steps, and that a notification must
 * not change the Set. ASSUMPTIONS.md has the sources.
 */

import { SimDevice, SimSlot, SimTrack } from "./live_track.ts";
import { LomError, LomObject } from "./lom_object.ts";

class SimScene extends LomObject {
  readonly type = "Scene";
}

class SimSongView extends LomObject {
  readonly type = "Song.View";
  detailClip: LomObject | null = null;
  selectedScene: LomObject | null = null;

  constructor(parent: LomObject) {
    super(parent);
    Object.assign(this.children, {
      detail_clip: () => this.detailClip,
      selected_scene: () => this.selectedScene,
    });
  }
}

class SimAppView extends LomObject {
  readonly type = "Application.View";
  constructor(parent: LomObject) {
    super(parent);
    this.values.focused_document_view = "Session";
  }
}

class SimApp extends LomObject {
  readonly type = "Application";
  readonly view = new SimAppView(this);
  version: [number, number, number] = [12, 2, 7];

  constructor() {
    super(null);
    this.children.view = () => this.view;
    this.methods.get_major_version = () => this.version[0];
    this.methods.get_minor_version = () => this.version[1];
    this.methods.get_bugfix_version = () => this.version[2];
  }
}

/** Functions that change nothing, and so are not undo steps. */
const READING = /^get_|^is_/;

export class LiveSet extends LomObject {
  readonly type = "Song";
  readonly app = new SimApp();
  readonly view = new SimSongView(this);
  readonly tracks: SimTrack[] = [];
  readonly scenes: SimScene[] = [];
  /** Lines of Max's window. */
  readonly console: string[] = [];
  /** Names of the changes to the Set, in order. */
  readonly undoSteps: string[] = [];
  private readonly observers = new Set<() => void>();
  private byId = new Map<number, LomObject>();
  private lastId = 0;
  private notifying = false;

  constructor() {
    super(null);
    Object.assign(this.lists, { tracks: this.tracks, scenes: this.scenes });
    this.children.view = () => this.view;
    Object.assign(this.values, {
      tempo: 120,
      signature_numerator: 4,
      signature_denominator: 4,
      root_note: 0,
      scale_name: "Major",
      scale_mode: 0,
      scale_intervals: [0, 2, 4, 5, 7, 9, 11],
      is_playing: 0,
      current_song_time: 0,
    });
    for (const name of ["tempo", "root_note", "is_playing", "current_song_time"]) {
      this.writable.add(name);
    }
    this.methods.create_scene = () => this.addScene();
    this.methods.get_current_beats_song_time = () => this.beatsSongTime();
    for (let scene = 0; scene < 8; scene += 1) this.addScene();
  }

  /** A bar line in the current meter, for tests with changes of meter. */
  barLine = 0;

  /** Return the position as `bars.beats.sixteenths.ticks`. */
  private beatsSongTime(): string {
    const denominator = Number(this.values.signature_denominator);
    const bar = (4 * Number(this.values.signature_numerator)) / denominator;
    const since = Number(this.values.current_song_time) - this.barLine;
    const bars = Math.floor(since / bar);
    const beats = Math.floor(((since - bars * bar) * denominator) / 4);
    const ticks = Math.floor((since - bars * bar - (beats * 4) / denominator) * 240);
    return `${bars + 1}.${beats + 1}.${Math.floor(ticks / 60) + 1}.${ticks % 60}`;
  }

  /** Add a track with a slot for each scene, for tests. */
  addTrack(name: string, midi = true): SimTrack {
    const track = new SimTrack(this, name, midi);
    for (const _ of this.scenes) track.slots.push(new SimSlot(track));
    this.tracks.push(track);
    return track;
  }

  addScene(): SimScene {
    const scene = new SimScene(this);
    this.scenes.push(scene);
    for (const track of this.tracks) track.slots.push(new SimSlot(track));
    return scene;
  }

  addDevice(track: SimTrack): SimDevice {
    const device = new SimDevice(track);
    track.devices.push(device);
    return device;
  }

  /** Save the Set and open it again: all ids change. */
  reload(): void {
    this.byId.clear();
    for (const one of [...this.all(), ...this.app.all()]) one.id = 0;
    this.observers.clear();
    this.lastId += 1000;
  }

  idOf(object: LomObject): number {
    if (object.id === 0) {
      this.lastId += 1;
      object.id = this.lastId;
      this.byId.set(object.id, object);
    }
    return object.id;
  }

  /** Return the object with that id; null if it is not in the Set any more. */
  find(id: number): LomObject | null {
    const found = this.byId.get(id) ?? null;
    return found !== null && this.holds(found) ? found : null;
  }

  /** Return the object at a path like "live_set tracks 0 clip_slots 1 clip". */
  resolve(path: string, device: LomObject): LomObject | null {
    const [root, ...steps] = path.replace(/"/g, "").trim().split(/\s+/);
    let at: LomObject | null = this.root(root, steps, device);
    for (let index = 0; index < steps.length && at !== null; index += 1) {
      const name = steps[index] as string;
      const list: LomObject[] | undefined = at.list(name);
      if (list === undefined) {
        at = at.child(name) ?? null;
      } else {
        index += 1;
        at = list[Number(steps[index])] ?? null;
      }
    }
    return at;
  }

  /** Make a change by a script: an error during a notification, otherwise an undo step. */
  change(what: string, act: () => unknown): unknown {
    if (READING.test(what)) return this.attempt(act);
    if (this.notifying) {
      this.console.push("Changes cannot be triggered by notifications.");
      return undefined;
    }
    const before = this.console.length;
    const answer = this.attempt(act);
    if (this.console.length === before) this.undoSteps.push(what);
    this.notify();
    return answer;
  }

  /** Make a change by the user or by Live, and notify observers. */
  changeByUser(act: () => void): void {
    act();
    this.notify();
  }

  observe(observer: () => void): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  /** Run code in which nothing may be changed. */
  runNotification(act: () => void): void {
    const outer = this.notifying;
    this.notifying = true;
    try {
      act();
    } finally {
      this.notifying = outer;
    }
  }

  private notify(): void {
    for (const observer of [...this.observers]) this.runNotification(observer);
  }

  private attempt(act: () => unknown): unknown {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof LomError)) throw error;
      this.console.push(error.message);
      return undefined;
    }
  }

  private root(root: string | undefined, steps: string[], device: LomObject): LomObject | null {
    if (root === "live_set") return this;
    if (root === "live_app") return this.app;
    if (root === "this_device") return device;
    return root === "id" ? this.find(Number(steps.shift())) : null;
  }

  private holds(object: LomObject): boolean {
    for (const one of this.all()) if (one === object) return true;
    for (const one of this.app.all()) if (one === object) return true;
    return false;
  }
}
