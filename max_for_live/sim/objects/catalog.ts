/** The objects that need nothing but their cords, by name. */

import * as control from "./control.ts";
import { Comment, LIVE_CLASSES, LiveControl, Pattr } from "./live_control.ts";
import * as music from "./music.ts";
import type { Maker } from "./object.ts";
import * as surface from "./surface.ts";

const OBJECTS: Record<string, Maker> = {
  append: control.append,
  closebang: control.farewell,
  comment: (around) => new Comment(around),
  deferlow: control.deferlow,
  freebang: control.farewell,
  gate: control.gate,
  "live.comment": (around) => new Comment(around),
  "live.thisdevice": (around) => new surface.ThisDevice(around),
  loadbang: control.loadbang,
  makenote: music.makenote,
  message: control.messageBox,
  midiflush: music.midiflush,
  midiformat: music.midiformat,
  midiin: (around) => new surface.MidiIn(around),
  midiout: (around) => new surface.MidiOut(around),
  midiparse: music.midiparse,
  opendialog: (around) => new surface.OpenDialog(around),
  pack: control.pack,
  panel: surface.paint,
  pattr: (around) => new Pattr(around),
  pipe: music.pipe,
  prepend: control.prepend,
  print: surface.print,
  route: control.route,
  routepass: control.routepass,
  sel: control.select,
  select: control.select,
  switch: control.switcher,
  t: control.trigger,
  trigger: control.trigger,
  unpack: control.unpack,
};

/** Returns what makes an object of that name; undefined where there is none. */
export function makerOf(name: string): Maker | undefined {
  if (LIVE_CLASSES.has(name)) return (around) => new LiveControl(around);
  return OBJECTS[name];
}
