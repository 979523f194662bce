/** The main device in Max: connects `core/`'s Device with Max and Live. */

import { Device } from "../core/device.ts";
import type { NodePort } from "../core/host/ports.ts";
import { MaxDicts } from "./dicts.ts";
import { newHttpRequest } from "./http_request.ts";
import { MaxHost } from "./max_host.ts";
import { MaxView, MidiOut, OUT } from "./max_view.ts";
import { LiveSetPort } from "./set.ts";
import { SongObserver } from "./song_observer.ts";
import { TaskScheduler } from "./task_scheduler.ts";
import { liveVersion, unsupportedReason } from "./versions.ts";

type Atom = number | string;

export class Bridge {
  private readonly scheduler = new TaskScheduler();
  private readonly dicts = new MaxDicts();
  private readonly view = new MaxView(this.dicts);
  private readonly host = new MaxHost();
  private readonly device: Device;
  private song: SongObserver | null = null;
  private isJamming = false;
  private isUnsupported = false;
  private isClosed = false;

  constructor() {
    const node: NodePort = { send: (selector, ...words) => outlet(OUT.node, [selector, ...words]) };
    this.device = new Device({
      view: this.view,
      live: new LiveSetPort(),
      scheduler: this.scheduler,
      transports: { node, newHttpRequest: newHttpRequest(), dicts: this.dicts },
      player: new MidiOut(),
      host: this.host,
      random: Math.random,
    });
  }

  /** Start: live.thisdevice reports that Live's API is available. */
  ready(): void {
    if (this.song !== null || this.isUnsupported || this.isClosed) return;
    const reason = unsupportedReason(liveVersion());
    if (reason !== "") {
      this.isUnsupported = true;
      this.view.connection("error", reason, "");
      return;
    }
    this.song = new SongObserver(this.scheduler, (time) => this.device.song(time));
    this.device.ready();
    this.song.setWanted(this.isJamming);
  }

  control(id: string, values: Atom[]): void {
    if (this.isUnsupported) return;
    this.device.control(id, ...values);
    if (id === "jam") this.isJamming = Number(values[0]) !== 0;
    // Another tool ends the jam.
    else if (id.startsWith("tool_") && id !== "tool_jam" && Number(values[0] ?? 1) !== 0) {
      this.isJamming = false;
    }
    this.song?.setWanted(this.isJamming);
  }

  get live(): Device {
    return this.device;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.song?.close();
    this.device.closing();
    this.host.close();
  }
}
