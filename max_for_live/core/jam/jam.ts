/**
 * Call and response on Live's transport.
 *
 * A call begins on the bar line before its first note and lasts a number of bars; the answer begins
 * on the next bar line and lasts as long. It is requested during the last beats of the call,
 * earlier if previous answers were slow. A late answer starts on the next beat, in its place.
 * Whatever ends the jam ends every note.
 */

import type { Primer } from "../generation/primer_window.ts";
import type { LiveNote } from "../host/live_port.ts";
import type { Player } from "../host/ports.ts";
import type { Call } from "../transport/transport.ts";
import { JamCall } from "./jam_call.ts";
import { JamClock, type SongTime } from "./jam_clock.ts";
import { JamReply } from "./jam_reply.ts";

export interface JamListener {
  /** In beats on the call's timeline: the answer begins at the call's length. */
  notes(notes: LiveNote[]): void;
  done(): void;
  failed(message: string): void;
}

export interface JamPorts {
  /** Monotonic time in seconds. */
  now(): number;
  player: Player;
  /** Generate music that continues `call` for `length` beats. */
  generate(call: Primer, length: number, listener: JamListener): Call;
  report(text: string): void;
}

/** A note at most this many beats before a bar line belongs to the next bar. */
const PICKUP = 0.25;
/** Expected latency in seconds before the first answer. */
const FIRST_GUESS = 0.3;
/** Seconds added to the expected latency. */
const MARGIN = 0.1;

export const JAM_TEXTS = {
  off: "Jam is off.",
  stopped: "Start Live's transport, then play.",
  waiting: "Play a phrase; the answer follows.",
  listening: "Listening",
  asking: "Listening; generating the answer",
  answering: "Answering",
  late: "The answer is late; it starts on a later beat.",
} as const;

export class Jam {
  private readonly clock = new JamClock();
  private on = false;
  private playing = false;
  private bars = 2;
  private call: JamCall | null = null;
  private reply: JamReply | null = null;
  private request: Call | null = null;
  private requestedAt = 0;
  private expectedLatency = FIRST_GUESS;
  private lastText = "";
  /** Whether notes were played since the last silence. */
  private sounded = false;

  constructor(private readonly ports: JamPorts) {}

  get isOn(): boolean {
    return this.on;
  }

  setOn(on: boolean): void {
    if (on === this.on) return;
    this.on = on;
    this.reset();
  }

  /** Set the length of a phrase, from the next call on. */
  setBars(bars: number): void {
    this.bars = Math.min(4, Math.max(1, Math.round(bars)));
  }

  /** Update the position of the transport; null while it is stopped. */
  update(song: SongTime | null): void {
    if (song === null) {
      this.stop();
      return;
    }
    const started = !this.playing;
    this.playing = true;
    const change = this.clock.update(song, this.ports.now());
    if (change === "moved" || started) this.reset();
    else if (change === "meter") this.moveEnd();
    if (this.on) this.step();
  }

  /** Handle a note from the track; velocity 0 ends it. */
  noteIn(pitch: number, velocity: number): void {
    if (!this.on || !this.playing) return;
    const beat = this.clock.at(this.ports.now());
    if (velocity === 0) this.call?.off(pitch, beat);
    else if (this.call !== null || this.startCall(beat)) this.call?.on(pitch, velocity, beat);
    this.step();
  }

  /** End every note and listen again. */
  panic(): void {
    this.reset();
    this.ports.player.silence();
  }

  /** The connection to the server is lost. */
  lost(message: string): void {
    if (this.request === null && this.reply === null) return;
    this.reset();
    this.report(message);
  }

  close(): void {
    this.on = false;
    this.panic();
  }

  private stop(): void {
    if (!this.playing) return;
    this.playing = false;
    this.clock.stop();
    this.reset();
  }

  /** End every note and the current request. */
  private reset(): void {
    this.request?.cancel();
    this.request = null;
    this.call = null;
    this.reply = null;
    if (this.sounded) this.ports.player.silence();
    this.sounded = false;
    if (!this.on) this.report(JAM_TEXTS.off);
    else this.report(this.playing ? JAM_TEXTS.waiting : JAM_TEXTS.stopped);
  }

  /** Begin a call at `beat`; return false while an answer is playing. */
  private startCall(beat: number): boolean {
    if (this.reply !== null && beat < this.reply.end - PICKUP) return false;
    const bar = this.clock.bar;
    this.call = new JamCall(this.clock.lineBefore(beat + PICKUP), this.bars * bar);
    this.report(JAM_TEXTS.listening);
    return true;
  }

  /** After a change of meter, the call ends on the next bar line at or after its former end. */
  private moveEnd(): void {
    const call = this.call;
    if (call === null || this.reply !== null) return;
    const line = this.clock.lineBefore(call.end);
    call.length = (line < call.end ? line + this.clock.bar : line) - call.start;
  }

  private step(): void {
    const seconds = this.ports.now();
    const beat = this.clock.at(seconds);
    if (this.reply !== null) this.answer(this.reply, beat, seconds);
    const call = this.call;
    if (call === null || this.reply !== null) return;
    const left = this.clock.until(call.end, seconds);
    const most = (this.clock.until(call.end, seconds) - this.clock.until(call.start, seconds)) / 2;
    if (left <= Math.min(this.expectedLatency + MARGIN, most)) this.generate(call, seconds);
  }

  private answer(reply: JamReply, beat: number, seconds: number): void {
    if (beat < reply.end) this.playOn(reply, beat, seconds);
    else this.end();
  }

  private end(): void {
    this.request?.cancel();
    this.request = null;
    this.reply = null;
    if (this.call === null) this.report(JAM_TEXTS.waiting);
  }

  private playOn(reply: JamReply, beat: number, seconds: number): void {
    reply.play(this.ports.player, this.clock, seconds);
    if (beat >= reply.start && this.call !== null && this.call.end <= reply.start) {
      this.call = null;
      this.report(this.requestedAt > 0 ? JAM_TEXTS.late : JAM_TEXTS.answering);
    }
  }

  private generate(call: JamCall, seconds: number): void {
    const reply = new JamReply(call.end, call.length);
    this.reply = reply;
    this.sounded = true;
    this.requestedAt = seconds;
    this.report(JAM_TEXTS.asking);
    const request = this.ports.generate(call.music(), call.length, {
      notes: (notes) => this.take(reply, call, notes),
      done: () => this.finish(reply),
      failed: (message) => this.fail(reply, message),
    });
    // It may have failed immediately.
    if (this.reply === reply) this.request = request;
  }

  private take(reply: JamReply, call: JamCall, notes: LiveNote[]): void {
    if (this.reply !== reply) return;
    const seconds = this.ports.now();
    if (this.requestedAt > 0) {
      this.expectedLatency = Math.max(seconds - this.requestedAt, this.expectedLatency * 0.7);
      this.requestedAt = 0;
    }
    const beat = this.clock.at(seconds);
    const placed = notes.map((note) => ({ ...note, start_time: note.start_time + call.start }));
    reply.add(placed, beat);
    if (beat >= reply.start) this.report(JAM_TEXTS.answering);
    this.step();
  }

  private finish(reply: JamReply): void {
    if (this.reply === reply) this.request = null;
  }

  private fail(reply: JamReply, message: string): void {
    if (this.reply !== reply) return;
    this.request = null;
    this.reset();
    this.report(message);
  }

  private report(text: string): void {
    if (text === this.lastText) return;
    this.lastText = text;
    this.ports.report(text);
  }
}
