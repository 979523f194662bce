/** The main device in Max: `core/`'s Device, with everything that it needs from Max and Live. */

import { Device } from "../core/device.ts";
import type { NodePort } from "../core/host/ports.ts";
import { MaxDicts } from "./dicts.ts";
import { newHttpRequest } from "./http_request.ts";
import { MaxHost } from "./max_host.ts";
import { MaxView } from "./max_view.ts";
import { MidiOut } from "./midi_out.ts";
import { OUT } from "./outlets.ts";
import { LiveSetPort } from "./set.ts";
import { SongWatch } from "./song_observer.ts";
import { TaskLater } from "./task_scheduler.ts";
import { liveVersion, tooOld } from "./versions.ts";

type Word = number | string;

export class Bridge {
  private readonly later = new TaskLater();
  private readonly dicts = new MaxDicts();
  private readonly view = new MaxView(this.dicts);
  private readonly host = new MaxHost();
  private readonly device: Device;
  private song: SongWatch | null = null;
  private jamming = false;
  private refused = false;
  private closed = false;

  constructor() {
    const node: NodePort = { send: (selector, ...words) => outlet(OUT.node, [selector, ...words]) };
    this.device = new Device({
      view: this.view,
      live: new LiveSetPort(),
      later: this.later,
      ways: { node, newHttpRequest: newHttpRequest(), dicts: this.dicts },
      player: new MidiOut(),
      host: this.host,
      random: Math.random,
    });
  }

  /** live.thisdevice has spoken: from now on Live answers. */
  ready(): void {
    if (this.song !== null || this.refused || this.closed) return;
    const sentence = tooOld(liveVersion());
    if (sentence !== "") {
      this.refused = true;
      this.view.connection("error", sentence, "");
      return;
    }
    this.song = new SongWatch(this.later, (time) => this.device.song(time));
    this.device.ready();
    this.song.want(this.jamming);
  }

  control(id: string, values: Word[]): void {
    if (this.refused) return;
    this.device.control(id, ...values);
    if (id === "jam") this.jamming = Number(values[0]) !== 0;
    // Another tool ends the jam.
    else if (id.startsWith("tool_") && id !== "tool_jam" && Number(values[0] ?? 1) !== 0) {
      this.jamming = false;
    }
    this.song?.want(this.jamming);
  }

  get live(): Device {
    return this.device;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.song?.close();
    this.device.closing();
    this.host.close();
  }
}
