/**
 * Call and response on Live's transport.
 *
 * A call begins on the bar line before its first note and lasts some bars; the answer begins on
 * the next bar line and lasts as long. It is requestedAt for while the last beats are still played, by
 * as much earlier as answers have been taking. One that comes late anyhow joins in on the next
 * beat, in its place. Whatever ends the jam ends every note.
 */

import type { Primer } from "../generation/primer_window.ts";
import type { LiveNote } from "../host/live_port.ts";
import type { Player } from "../host/ports.ts";
import type { Call } from "../transport/transport.ts";
import { JamCall } from "./jam_call.ts";
import { JamClock, type SongTime } from "./jam_clock.ts";
import { JamReply } from "./jam_reply.ts";

export interface JamListener {
  /** Beats on the call's timeline: the answer begins at the call's length. */
  notes(notes: LiveNote[]): void;
  done(): void;
  /** One sentence for the musician. */
  failed(message: string): void;
}

export interface JamPorts {
  /** Monotonic time in seconds. */
  now(): number;
  player: Player;
  /** Has music written that goes on after `call`, for `length` beats. */
  generate(call: Primer, length: number, listener: JamListener): Call;
  /** What the jam is doing. */
  report(text: string): void;
}

/** Beats before a bar line in which a note belongs to the bar to come. */
const PICKUP = 0.25;
/** Seconds that an answer is thought to take before one has come. */
const FIRST_GUESS = 0.3;
/** Seconds beyond what the answers before have taken. */
const MARGIN = 0.1;

export const JAM_TEXTS = {
  off: "Jam is off.",
  stopped: "Start Live's transport, then play.",
  waiting: "Play; the answer comes after your phrase.",
  listening: "Listening",
  asking: "Listening; the answer is being written",
  answering: "Answering",
  late: "The answer is late; it joins in on a beat.",
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
  /** Whether notes were handed over since the last silence. */
  private sounded = false;

  constructor(private readonly ports: JamPorts) {}

  get isOn(): boolean {
    return this.on;
  }

  /** Switches the jam on or off. */
  setOn(on: boolean): void {
    if (on === this.on) return;
    this.on = on;
    this.reset();
  }

  /** Length of a phrase; counts from the next call on. */
  setBars(bars: number): void {
    this.bars = Math.min(4, Math.max(1, Math.round(bars)));
  }

  /** Looks at the song; null while it stands. */
  update(song: SongTime | null): void {
    if (song === null) {
      this.stop();
      return;
    }
    const started = !this.playing;
    this.playing = true;
    if (!this.clock.update(song, this.ports.now()) || started) this.reset();
    if (this.on) this.step();
  }

  /** A note from the track; velocity 0 ends it. */
  noteIn(pitch: number, velocity: number): void {
    if (!this.on || !this.playing) return;
    const beat = this.clock.at(this.ports.now());
    if (velocity === 0) this.call?.off(pitch, beat);
    else if (this.call !== null || this.startCall(beat)) this.call?.on(pitch, velocity, beat);
    this.step();
  }

  /** Ends every note and listens anew. */
  panic(): void {
    this.reset();
    this.ports.player.silence();
  }

  /** The server is gone. */
  lost(message: string): void {
    if (this.request === null && this.reply === null) return;
    this.reset();
    this.report(message);
  }

  /** The device goes. */
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

  /** Ends what sounds and what is under way. */
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

  /** Begins a call at `beat`, or not when the answer is not over yet. */
  private startCall(beat: number): boolean {
    if (this.reply !== null && beat < this.reply.end - PICKUP) return false;
    const bar = this.clock.bar;
    const start = Math.floor((beat + PICKUP) / bar) * bar;
    this.call = new JamCall(start, this.bars * bar);
    this.report(JAM_TEXTS.listening);
    return true;
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
    // It may have failed before it was under way.
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
