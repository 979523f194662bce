/** The objects that need only their cords, by name. */

import * as control from "./control.ts";
import * as surface from "./host.ts";
import { Comment, LIVE_CLASSES, LiveControl, Pattr } from "./live_control.ts";
import * as music from "./music.ts";
import type { ObjectFactory } from "./object.ts";

const OBJECTS: Record<string, ObjectFactory> = {
  closebang: control.onClose,
  comment: (context) => new Comment(context),
  deferlow: control.deferlow,
  freebang: control.onClose,
  gate: control.gate,
  "live.comment": (context) => new Comment(context),
  "live.thisdevice": (context) => new surface.ThisDevice(context),
  makenote: music.makenote,
  message: control.messageBox,
  midiflush: music.midiflush,
  midiformat: music.midiformat,
  midiin: (context) => new surface.MidiIn(context),
  midiout: (context) => new surface.MidiOut(context),
  midiparse: music.midiparse,
  opendialog: (context) => new surface.OpenDialog(context),
  pack: control.pack,
  panel: surface.paint,
  pattr: (context) => new Pattr(context),
  pipe: music.pipe,
  prepend: control.prepend,
  print: surface.print,
  route: control.route,
  sel: control.select,
  t: control.trigger,
};

/** Return the factory for objects of that name; undefined if there is none. */
export function factoryOf(name: string): ObjectFactory | undefined {
  if (LIVE_CLASSES.has(name)) return (context) => new LiveControl(context);
  return OBJECTS[name];
}
