/** A device with fakes of Live, Max and the Node half, which record all calls. */

import { Device } from "../../core/device.ts";
import { decode, encode } from "../../core/host/dict_codec.ts";
import type { ClipFacts, LiveNote, LivePort, SetFacts, Target } from "../../core/host/live_port.ts";
import type { Host, NewHttpRequest, Player, Scheduler } from "../../core/host/ports.ts";
import type { RollNote, View } from "../../core/host/view.ts";
import type {
  GenerateRequest,
  Generator,
  StreamGenerateResponse,
} from "../../core/transport/messages.ts";
import { DictSpace } from "../../sim/dict.ts";

type Word = string | number;

/** A clock that tests advance. */
export class Clock implements Scheduler {
  private time = 100;
  private due: { at: number; action: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(seconds: number, action: () => void): () => void {
    const due = { at: this.time + seconds, action };
    this.due.push(due);
    return () => {
      this.due = this.due.filter((one) => one !== due);
    };
  }

  pass(seconds: number): void {
    const end = this.time + seconds;
    for (;;) {
      const next = [...this.due].sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.due = this.due.filter((one) => one !== next);
      this.time = next.at;
      next.action();
    }
    this.time = end;
  }

  get waiting(): number {
    return this.due.length;
  }
}

/** Records what the device shows. */
class RecordingView implements View {
  readonly values = new Map<string, number | string>();
  readonly menus = new Map<string, string[]>();
  readonly ranges = new Map<string, [number, number]>();
  readonly texts = new Map<string, string>();
  readonly gray = new Set<string>();
  readonly hidden = new Set<string>();
  readonly calls: string[] = [];
  readonly statuses: string[] = [];
  state = "";
  status = "";
  path = "";
  notes: RollNote[] = [];
  length = 0;

  set(id: string, value: number | string): void {
    this.values.set(id, value);
    this.calls.push(`set ${id} ${value}`);
  }
  entries(id: string, entries: string[]): void {
    this.menus.set(id, entries);
    this.calls.push(`entries ${id}`);
  }
  range(id: string, low: number, high: number): void {
    this.ranges.set(id, [low, high]);
    this.calls.push(`range ${id}`);
  }
  text(id: string, text: string): void {
    this.texts.set(id, text);
    this.calls.push(`text ${id} ${text}`);
  }
  active(id: string, active: boolean): void {
    if (active) this.gray.delete(id);
    else this.gray.add(id);
  }
  visible(id: string, visible: boolean): void {
    if (visible) this.hidden.delete(id);
    else this.hidden.add(id);
  }
  connection(state: string, text: string, path: string): void {
    this.statuses.push(text);
    Object.assign(this, { state, status: text, path });
  }
  roll(notes: RollNote[], length: number): void {
    Object.assign(this, { notes, length });
  }
}

export const SET: SetFacts = {
  tempo: 120,
  signatureNumerator: 4,
  signatureDenominator: 4,
  rootNote: 9,
  scaleName: "Minor",
  scaleIntervals: [0, 2, 3, 5, 7, 8, 10],
  scaleOn: true,
};

export function clip(notes: LiveNote[], more: Partial<ClipFacts> = {}): ClipFacts {
  return {
    name: "Tune",
    place: { kind: "session", track: 0, slot: 2 },
    looping: true,
    loopStart: 0,
    loopEnd: 4,
    startMarker: 0,
    endMarker: 4,
    length: 4,
    signatureNumerator: 4,
    signatureDenominator: 4,
    notes,
    ...more,
  };
}

/** A Set with one track. */
class FakeLive implements LivePort {
  set: SetFacts = SET;
  selected: ClipFacts | null = null;
  audio: string | null = null;
  refusal = "";
  readonly written: { target: Target; length: number; notes: LiveNote[]; name: string }[] = [];

  facts(): SetFacts {
    return this.set;
  }
  selectedClip(): ClipFacts | null {
    return this.selected;
  }
  selectedAudio(): string | null {
    return this.audio;
  }
  ownTarget(): Target {
    return { kind: "session", track: 0, fromSlot: 0 };
  }
  writeNewClip(target: Target, length: number, notes: LiveNote[], name: string) {
    if (this.refusal) throw new Error(this.refusal);
    this.written.push({ target, length, notes, name });
    if (target.kind === "session") {
      const place = { kind: "session", track: target.track, slot: target.fromSlot } as const;
      return { place, name };
    }
    const { track, start } = target;
    return { place: { kind: "arrangement", track, start, end: start + length } as const, name };
  }
}

class FakePlayer implements Player {
  readonly notes: number[][] = [];
  silences = 0;

  note(...note: [number, number, number, number]): void {
    this.notes.push(note);
  }
  silence(): void {
    this.silences += 1;
  }
}

class FakeHost implements Host {
  calls = 0;
  at = ["", ""];
  readonly reports: string[] = [];

  chooseProgram(): void {
    this.calls += 1;
  }
  serverAt(grpc: string, http: string): void {
    this.at = [grpc, http];
  }
  sharedHttp(): string {
    return "";
  }
  facts() {
    return { max: "9.0.8" };
  }
  reportPath(): string {
    return "/reports/self_test.json";
  }
  writeReport(_path: string, text: string): void {
    this.reports.push(text);
  }
}

interface RecordedCall {
  id: number;
  method: string;
  request: GenerateRequest;
  answer: string;
}

export class DeviceFixture {
  readonly clock = new Clock();
  readonly view = new RecordingView();
  readonly live = new FakeLive();
  readonly player = new FakePlayer();
  readonly host = new FakeHost();
  readonly space = new DictSpace({ listOfOne: "element" });
  /** Messages to node.script, except calls. */
  readonly sent: Word[][] = [];
  readonly calls: RecordedCall[] = [];
  readonly device: Device;
  private made = 0;

  constructor(
    readonly generators: Generator[],
    newHttpRequest: NewHttpRequest | null = null,
  ) {
    const dicts = {
      make: () => {
        this.made += 1;
        return this.space.open(`dict_${this.made}`);
      },
      write: (name: string, content: object) => this.space.write(name, { ...content }),
      read: (name: string) => this.space.read(name),
      free: (name: string) => this.space.close(name),
    };
    this.device = new Device({
      view: this.view,
      live: this.live,
      scheduler: this.clock,
      transports: { node: { send: (...words) => this.take(words) }, newHttpRequest, dicts },
      player: this.player,
      host: this.host,
      random: () => 0.25,
    });
  }

  /** Start Node, connect to a server, and list its generators. */
  connect(): this {
    this.device.ready();
    this.device.node("ready", 1, "v20.0.0");
    this.device.node("state", "connected", "127.0.0.1:50051", "http://127.0.0.1:50052", "-");
    this.list();
    return this;
  }

  list(): void {
    const call = this.calls.pop();
    if (call?.method !== "ListGenerators") throw new Error("There is no request for the list.");
    this.value(call, this.generators);
    this.device.node("done", call.id);
  }

  get lastCall(): RecordedCall {
    const call = this.calls[this.calls.length - 1];
    if (!call) throw new Error("There is no call.");
    return call;
  }

  respond(respond: StreamGenerateResponse): void {
    this.value(this.lastCall, respond);
  }

  /** Send a variation with one note on each beat of the section, in one response. */
  variation(variation: number, pitch = 60): void {
    const { options, seed } = this.lastCall.request;
    const { startTime = 0, endTime = 0 } = options?.generateSections?.[0] ?? {};
    const notes = [];
    for (let time = startTime; time < endTime; time += 0.5) {
      notes.push({ pitch, velocity: 90, startTime: time, endTime: time + 0.5 });
    }
    const common = { ...(seed === undefined ? {} : { seed }), variation, completeUntil: endTime };
    this.respond({ ...common, chunk: { notes } });
    this.respond({ ...common, chunk: {}, last: true });
  }

  done(): void {
    this.device.node("done", this.lastCall.id);
  }

  failed(code: string, message: string, retryAfter = -1, reason = "-"): void {
    this.device.node("failed", this.lastCall.id, code, retryAfter, reason, message);
  }

  get dictCount(): number {
    return this.space.contents.size;
  }

  private take([selector, ...words]: Word[]): void {
    if (selector !== "call") {
      this.sent.push([selector as Word, ...words]);
      return;
    }
    const [id, method, request, answer] = words;
    const calls = decode(this.space.read(String(request))) as unknown as GenerateRequest;
    this.calls.push({
      id: Number(id),
      method: String(method),
      request: calls,
      answer: String(answer),
    });
  }

  private value(call: RecordedCall, value: unknown): void {
    this.space.write(call.answer, encode(value));
    this.device.node("value", call.id);
  }
}

const number = (name: string, minimum: number, maximum: number, initial: number) => ({
  name,
  type: "ARGUMENT_TYPE_FLOAT",
  minimum,
  maximum,
  defaultValue: { floatValue: initial },
});
const whole = (name: string, minimum: number, maximum: number, initial: number) => ({
  ...number(name, minimum, maximum, initial),
  type: "ARGUMENT_TYPE_INT",
  defaultValue: initial === 0 ? {} : { intValue: initial },
});

const CAN = { status: "GENERATOR_STATUS_READY" };

export const MELODY: Generator = {
  ...CAN,
  id: "melody",
  capabilities: ["CAPABILITY_GENERATE", "CAPABILITY_CONTINUE"],
  arguments: [
    number("temperature", 0, 2, 1),
    number("top_p", 0, 1, 0.97),
    { ...whole("min_pitch", 0, 127, 0), unit: "MIDI pitch", help: "Lowest note allowed." },
    whole("scale_root", 0, 11, 0),
    { name: "scale_intervals", type: "ARGUMENT_TYPE_STRING", defaultValue: { stringValue: "" } },
    { name: "swing", type: "ARGUMENT_TYPE_BOOL", defaultValue: { boolValue: false } },
    whole("seed", 0, 2_147_483_647, 0),
  ],
};

export const DRUMS: Generator = {
  ...CAN,
  id: "drums",
  capabilities: ["CAPABILITY_GENERATE"],
  arguments: [number("density", -2, 2, 0)],
};
