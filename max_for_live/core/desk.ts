/** The desk on which music is written, looked through, listened to and kept. */

import { Audition } from "./audition.ts";
import { Candidates, rollOf } from "./candidates.ts";
import { messageOf, sentenceOf } from "./failures.ts";
import type { Later } from "./later.ts";
import type { ClipFacts, ClipPlace, LivePort, Target } from "./live_port.ts";
import type { Player } from "./ports.ts";
import type { Order } from "./request.ts";
import type { Strip } from "./strip.ts";
import type { Failure, Transport } from "./transport.ts";
import type { View } from "./view.ts";
import { Writing } from "./writing.ts";

export interface DeskParts {
  view: View;
  live: LivePort;
  later: Later;
  player: Player;
  strip: Strip;
  /** A call has failed for want of a server. */
  doubt(): void;
}

const LOOKING = ["previous", "next", "audition", "keep", "drop"];

export class Desk {
  private readonly candidates = new Candidates();
  private readonly audition: Audition;
  private writing: Writing | null = null;
  private target: Target | null = null;
  private written = 0;
  private wanted = 0;

  constructor(private readonly parts: DeskParts) {
    this.audition = new Audition(parts.player, parts.later, () => parts.view.set("audition", 0));
  }

  get busy(): boolean {
    return this.writing !== null;
  }

  /** Has the order written; its first variation goes into a new clip as soon as it is there. */
  begin(order: Order, target: Target, transport: Transport): void {
    this.cancel();
    this.stopAudition();
    this.candidates.clear();
    this.target = target;
    this.written = 0;
    this.wanted = order.request.variations ?? 1;
    this.show();
    const writing = new Writing(order, {
      progress: (text) => this.parts.view.text("progress", text),
      candidate: (candidate) => {
        this.written += 1;
        this.candidates.add(candidate);
        if (this.written === 1) this.put();
        this.show();
      },
      notice: (text) => this.parts.strip.remark(text),
      ended: (failure) => this.ended(failure),
    });
    this.writing = writing;
    this.work(true);
    writing.start(transport);
  }

  cancel(): void {
    if (!this.writing) return;
    this.writing.cancel();
    this.writing = null;
    this.work(false);
    this.parts.view.text("progress", `Canceled; ${this.written} of ${this.wanted} written.`);
  }

  /** The server is gone, and with it what it was writing. */
  lost(failure: Failure): void {
    if (!this.writing) return;
    this.writing.cancel();
    this.ended(failure);
  }

  move(steps: number): void {
    const playing = this.audition.playing;
    this.candidates.move(steps);
    if (playing) this.listen(true);
    this.show();
  }

  listen(on: boolean): void {
    const candidate = this.candidates.current;
    if (!on || !candidate) {
      this.stopAudition();
      return;
    }
    this.parts.view.set("audition", 1);
    this.audition.start(candidate, this.parts.live.facts().tempo);
  }

  toggleAudition(): void {
    this.listen(!this.audition.playing);
  }

  /** Puts the candidate in view into another new clip. */
  keep(): void {
    if (this.candidates.current) this.put();
    else this.parts.strip.refuse("There is no candidate to keep yet; press Generate first.");
  }

  drop(): void {
    this.stopAudition();
    this.candidates.drop();
    this.show();
  }

  silence(): void {
    this.stopAudition();
  }

  close(): void {
    this.writing?.cancel();
    this.writing = null;
    this.audition.stop();
  }

  show(): void {
    const { view } = this.parts;
    const candidate = this.candidates.current;
    view.text("candidate", this.candidates.text);
    for (const id of LOOKING) view.active(id, candidate !== null);
    view.active("cancel", this.busy);
    const roll = candidate ? rollOf(candidate) : { notes: [], length: 0 };
    view.roll(roll.notes, roll.length);
  }

  private put(): void {
    const { live, strip, view } = this.parts;
    const candidate = this.candidates.current;
    if (!candidate || !this.target) return;
    try {
      const { notes, length, name } = candidate;
      const written = live.writeNewClip(this.target, length, notes, name);
      this.target = nextTo(written.place);
      view.text("progress", `New clip: ${written.name}`);
    } catch (thrown) {
      strip.refuse(messageOf(thrown));
    }
  }

  private ended(failure: Failure | null): void {
    this.writing = null;
    this.work(false);
    const { view, strip, doubt } = this.parts;
    if (failure === null) {
      if (this.wanted > 1) view.text("progress", `${this.written} written; keep what you like.`);
      return;
    }
    view.text("progress", `Stopped; ${this.written} of ${this.wanted} written.`);
    const away = failure.code === "unavailable";
    strip.fail(sentenceOf(failure), away);
    if (away) doubt();
  }

  private work(busy: boolean): void {
    this.parts.strip.work(busy);
    this.parts.view.active("cancel", busy);
  }

  private stopAudition(): void {
    this.audition.stop();
    this.parts.view.set("audition", 0);
  }
}

/** The place after a clip: the next slot of its track, or where it ends in the Arrangement. */
export function nextTo(place: ClipPlace): Target {
  return place.kind === "session"
    ? { kind: "session", track: place.track, fromSlot: place.slot + 1 }
    : { kind: "arrangement", track: place.track, start: place.end };
}

/** Beside the clip that was worked on; else on the device's own track. */
export function targetFor(clip: ClipFacts | null, live: LivePort, primer: boolean): Target {
  if (clip && primer) return nextTo(clip.place);
  const own = live.ownTarget();
  return clip && clip.place.track === own.track ? nextTo(clip.place) : own;
}
