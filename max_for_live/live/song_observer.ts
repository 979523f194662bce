/**
 * Reports the position of Live's transport about 20 times per second, on request.
 *
 * Live notifies observers of start and stop immediately, but a notification must not change the
 * Set; so the report is deferred.
 */

import type { Scheduler } from "../core/host/ports.ts";
import type { SongTime } from "../core/jam/jam_clock.ts";
import { barBeats, lastBarLine } from "./bar_line.ts";
import { LiveObject } from "./live_object.ts";

/** Seconds between polls. */
const PERIOD = 0.05;

export class SongObserver {
  private readonly set = LiveObject.at("live_set");
  private readonly observer: LiveAPI;
  private cancelTimer: (() => void) | null = null;
  private isWanted = false;
  private isPollDue = false;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly report: (time: SongTime | null) => void,
  ) {
    this.observer = new LiveAPI(() => this.onChange(), "live_set");
    this.observer.property = "is_playing";
  }

  setWanted(isWanted: boolean): void {
    if (isWanted === this.isWanted) return;
    this.isWanted = isWanted;
    if (isWanted) this.poll();
    else this.pause();
  }

  close(): void {
    this.setWanted(false);
    this.observer.property = "";
  }

  private onChange(): void {
    if (!this.isWanted || this.isPollDue) return;
    this.isPollDue = true;
    this.scheduler.after(0, () => {
      this.isPollDue = false;
      if (this.isWanted) this.poll();
    });
  }

  private poll(): void {
    this.pause();
    this.cancelTimer = this.scheduler.after(PERIOD, () => this.poll());
    this.report(this.time());
  }

  private pause(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  private time(): SongTime | null {
    if (this.set.number("is_playing") !== 1) return null;
    return {
      beat: this.set.number("current_song_time"),
      tempo: this.set.number("tempo") || 120,
      bar: barBeats(this.set),
      line: lastBarLine(this.set),
    };
  }
}
