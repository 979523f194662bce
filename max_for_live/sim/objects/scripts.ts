/** `v8.codebox` and `v8ui`: run the scripts that the patch carries. */

import type { LomObject } from "../lom_object.ts";
import { V8Host, type V8Options } from "../v8_host.ts";
import type { World } from "./device.ts";
import { type Atom, fromAtoms, type Message } from "./message.ts";
import type { BoxContext, MaxObject } from "./object.ts";

/** Live as the scripts of one device see it. */
export interface Seat {
  device: LomObject;
  /** Whether live.thisdevice has spoken. */
  ready: () => boolean;
}

/** The function of a script that a message calls. */
function handlerOf(message: Message): string {
  const { selector } = message;
  return selector === "int" || selector === "float" ? `msg_${selector}` : selector;
}

/** A script in a box: messages call its functions, and its outlets are the box's. */
export class CodeBox implements MaxObject {
  readonly host: V8Host;

  constructor(context: BoxContext, world: World, seat: Seat) {
    const options: V8Options = {
      live: { set: world.set, device: seat.device, ready: seat.ready },
      http: world.hasHttp,
    };
    this.host = new V8Host(String(context.box.code ?? ""), world.max, options, (outlet, atoms) =>
      context.out(outlet, fromAtoms(atoms as Atom[])),
    );
    world.consoles.push(this.host.console);
    const { numinlets, numoutlets } = context.box;
    if (this.host.inlets !== numinlets || this.host.outlets !== numoutlets) {
      context.error("the box has other ports than its script");
    }
  }

  receive(inlet: number, message: Message): boolean {
    const selector = handlerOf(message);
    if (!this.host.handles(selector) && !this.host.handles("anything")) return false;
    this.host.send(inlet, selector, ...message.args);
    return true;
  }

  freed(): void {
    this.host.close();
  }
}

/** A script that draws: painted when it asks for it, and clicked. */
export class Drawing implements MaxObject {
  readonly host: V8Host;

  constructor(context: BoxContext, world: World) {
    const [, , width = 100, height = 60] =
      context.box.presentation_rect ?? context.box.patching_rect;
    const textfile = context.box.textfile as { text?: string } | undefined;
    const options: V8Options = { box: [width, height] };
    this.host = new V8Host(textfile?.text ?? "", world.max, options, (outlet, atoms) =>
      context.out(outlet, fromAtoms(atoms as Atom[])),
    );
    world.consoles.push(this.host.console);
  }

  receive(inlet: number, message: Message): boolean {
    const selector = handlerOf(message);
    if (!this.host.handles(selector) && !this.host.handles("anything")) return false;
    this.host.send(inlet, selector, ...message.args);
    return true;
  }

  freed(): void {
    this.host.close();
  }
}
