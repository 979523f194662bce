/** A jam with a simulated transport, MIDI chain and generator. */

import type { Primer } from "../../../core/generation/primer_window.ts";
import type { Player } from "../../../core/host/ports.ts";
import { Jam, type JamListener } from "../../../core/jam/jam.ts";
import type { SongTime } from "../../../core/jam/jam_clock.ts";

interface Event {
  at: number;
  pitch: number;
  on: boolean;
}

/** The patch's chain of pipe, makenote and midiflush. */
class MidiChain implements Player {
  readonly sounding = new Map<number, number>();
  readonly log: Event[] = [];
  ons = 0;
  offs = 0;
  silences = 0;
  private waiting: Event[] = [];

  constructor(private readonly now: () => number) {}

  note(pitch: number, _velocity: number, duration: number, delay: number): void {
    const start = this.now() + delay / 1000;
    this.waiting.push({ at: start, pitch, on: true });
    this.waiting.push({ at: start + duration / 1000, pitch, on: false });
    this.run();
  }

  silence(): void {
    this.silences += 1;
    this.waiting = [];
    for (const [pitch, count] of this.sounding) {
      for (let index = 0; index < count; index += 1)
        this.send({ at: this.now(), pitch, on: false });
    }
  }

  run(): void {
    this.waiting.sort((a, b) => a.at - b.at || Number(a.on) - Number(b.on));
    while (this.waiting[0] !== undefined && this.waiting[0].at <= this.now() + 1e-9) {
      this.send(this.waiting.shift() as Event);
    }
  }

  get isSilent(): boolean {
    return [...this.sounding.values()].every((count) => count === 0);
  }

  private send(event: Event): void {
    this.log.push(event);
    if (event.on) this.ons += 1;
    else this.offs += 1;
    const count = this.sounding.get(event.pitch) ?? 0;
    this.sounding.set(event.pitch, count + (event.on ? 1 : -1));
  }
}

interface JamRequest {
  call: Primer;
  length: number;
  listener: JamListener;
  cancelled: boolean;
}

export class JamFixture {
  seconds = 0;
  playing = false;
  song: SongTime = { beat: 0, tempo: 120, bar: 4 };
  readonly chain = new MidiChain(() => this.seconds);
  readonly requests: JamRequest[] = [];
  readonly reports: string[] = [];
  readonly jam = new Jam({
    now: () => this.seconds,
    player: this.chain,
    report: (text) => this.reports.push(text),
    generate: (call, length, listener) => {
      const requests: JamRequest = { call, length, listener, cancelled: false };
      this.requests.push(requests);
      return {
        cancel: () => {
          requests.cancelled = true;
        },
      };
    },
  });

  start(): void {
    this.playing = true;
    this.jam.update(this.song);
  }

  stop(): void {
    this.playing = false;
    this.jam.update(null);
  }

  /** Advance the time, with an update of the transport every 50 ms. */
  run(seconds: number, update = 0.05): void {
    const end = this.seconds + seconds;
    while (this.seconds < end - 1e-9) this.pass(Math.min(update, end - this.seconds));
  }

  runTo(beat: number): void {
    this.run(((beat - this.song.beat) * 60) / this.song.tempo);
  }

  key(pitch: number, beats: number): void {
    this.jam.noteIn(pitch, 90);
    this.runTo(this.song.beat + beats);
    this.jam.noteIn(pitch, 0);
  }

  get last(): JamRequest {
    const requests = this.requests.at(-1);
    if (requests === undefined) throw new Error("There is no request.");
    return requests;
  }

  private pass(seconds: number): void {
    // MIDI has a finer resolution than the updates.
    for (let step = 0; step < 5; step += 1) {
      this.seconds += seconds / 5;
      this.chain.run();
    }
    if (this.playing) this.song.beat += (seconds * this.song.tempo) / 60;
    this.jam.update(this.playing ? this.song : null);
  }
}

/** Return numbers in [0, 1) that repeat for a seed (mulberry32, public domain, Tommy Ettinger). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
