/**
 * Tells where Live's song is, some 20 times a second, while somebody wants to know.
 *
 * Live notifies of starting and stopping at once, but in a notification nothing may be changed;
 * what follows from it waits for the next turn.
 */

import type { Later } from "../core/host/scheduler.ts";
import type { SongTime } from "../core/jam/jam_clock.ts";
import { LiveObject } from "./live_object.ts";

/** Seconds between looks. */
const PERIOD = 0.05;

export class SongWatch {
  private readonly set = LiveObject.at("live_set");
  private readonly observer: LiveAPI;
  private forget: (() => void) | null = null;
  private wanted = false;
  private soon = false;

  constructor(
    private readonly later: Later,
    private readonly tell: (time: SongTime | null) => void,
  ) {
    this.observer = new LiveAPI(() => this.notified(), "live_set");
    this.observer.property = "is_playing";
  }

  want(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) this.look();
    else this.rest();
  }

  close(): void {
    this.want(false);
    this.observer.property = "";
  }

  private notified(): void {
    if (!this.wanted || this.soon) return;
    this.soon = true;
    this.later.after(0, () => {
      this.soon = false;
      if (this.wanted) this.look();
    });
  }

  private look(): void {
    this.rest();
    this.forget = this.later.after(PERIOD, () => this.look());
    this.tell(this.time());
  }

  private rest(): void {
    this.forget?.();
    this.forget = null;
  }

  private time(): SongTime | null {
    if (this.set.number("is_playing") !== 1) return null;
    return {
      beat: this.set.number("current_song_time"),
      tempo: this.set.number("tempo") || 120,
      bar:
        (4 * (this.set.number("signature_numerator") || 4)) /
        (this.set.number("signature_denominator") || 4),
    };
  }
}
