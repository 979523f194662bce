/** Tracks, slots, racks and devices of the simulated Live. */

import { SimClip } from "./live_clip.ts";
import { LomError, LomObject } from "./lom_object.ts";

export class SimSlot extends LomObject {
  readonly type = "ClipSlot";
  clip: SimClip | null = null;

  constructor(readonly track: SimTrack) {
    super(track);
    this.children.clip = () => this.clip;
    this.values.has_clip = () => (this.clip === null ? 0 : 1);
    Object.assign(this.methods, {
      create_clip: (length: number) => this.create(length),
      delete_clip: () => {
        if (this.clip === null) throw new LomError("delete_clip: the slot is empty");
        this.clip = null;
      },
    });
  }

  /** Set the clip, for tests. */
  place(clip: SimClip): SimClip {
    this.clip = clip;
    return clip;
  }

  private create(length: number): void {
    if (this.clip !== null) throw new LomError("create_clip: the slot holds a clip");
    if (!(length > 0)) throw new LomError("create_clip: length must be above 0");
    if (!this.track.number("has_midi_input")) throw new LomError("create_clip: no MIDI track");
    if (this.track.frozen) throw new LomError("create_clip: the track is frozen");
    this.clip = new SimClip(this, { length });
  }
}

/** A device; a rack holds chains, and a chain devices. */
export class SimDevice extends LomObject {
  readonly type: string;
  readonly chains: SimChain[] = [];

  constructor(parent: LomObject, type = "MaxDevice") {
    super(parent);
    this.type = type;
    this.lists.chains = this.chains;
  }
}

export class SimChain extends LomObject {
  readonly type: string;
  readonly devices: SimDevice[] = [];

  constructor(rack: SimDevice, type = "Chain") {
    super(rack);
    this.type = type;
    this.lists.devices = this.devices;
  }
}

export class SimTrack extends LomObject {
  readonly type = "Track";
  readonly slots: SimSlot[] = [];
  readonly clips: SimClip[] = [];
  readonly devices: SimDevice[] = [];
  frozen = false;

  constructor(set: LomObject, name: string, midi = true) {
    super(set);
    Object.assign(this.lists, {
      clip_slots: this.slots,
      arrangement_clips: this.clips,
      devices: this.devices,
    });
    Object.assign(this.values, { name, has_midi_input: midi ? 1 : 0 });
    this.writable.add("name");
    this.methods.create_midi_clip = (start, length) => this.create(Number(start), Number(length));
    this.methods.delete_clip = (...args) => this.remove(Number(args.flat()[1]));
  }

  /** Add a clip in the Arrangement, for tests. */
  arrange(start: number, length: number): SimClip {
    const clip = new SimClip(this, { at: start, length });
    this.clips.push(clip);
    this.clips.sort((a, b) => a.number("start_time") - b.number("start_time"));
    return clip;
  }

  /** A new clip replaces the clips that it overlaps. */
  private create(start: number, length: number): SimClip {
    if (!this.number("has_midi_input")) throw new LomError("create_midi_clip: no MIDI track");
    if (this.frozen) throw new LomError("create_midi_clip: the track is frozen");
    if (!(length > 0) || start < 0) throw new LomError("create_midi_clip: wrong place");
    const end = start + length;
    const hit = this.clips.filter(
      (clip) => clip.number("start_time") < end - 1e-9 && clip.number("end_time") > start + 1e-9,
    );
    for (const clip of hit) this.clips.splice(this.clips.indexOf(clip), 1);
    return this.arrange(start, length);
  }

  private remove(id: number): void {
    const clip = this.clips.find((one) => one.id === id);
    if (clip === undefined) throw new LomError("delete_clip: no such clip");
    this.clips.splice(this.clips.indexOf(clip), 1);
  }
}
