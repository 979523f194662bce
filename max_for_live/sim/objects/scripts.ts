/** `v8.codebox` and `v8ui`: run the scripts in the patch. */

import type { LomObject } from "../lom_object.ts";
import { V8Host, type V8Options } from "../v8_host.ts";
import type { World } from "./device.ts";
import { type Atom, fromAtoms, type Message } from "./message.ts";
import type { BoxContext, MaxObject } from "./object.ts";

/** Live for the scripts of one device. */
interface LiveContext {
  device: LomObject;
  /** Whether live.thisdevice has sent its bang. */
  ready: () => boolean;
}

function handlerOf(message: Message): string {
  const { selector } = message;
  return selector === "int" || selector === "float" ? `msg_${selector}` : selector;
}

abstract class ScriptBox implements MaxObject {
  readonly host: V8Host;

  constructor(context: BoxContext, world: World, code: unknown, options: V8Options) {
    this.host = new V8Host(String(code ?? ""), world.max, options, (outlet, atoms) =>
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

export class CodeBox extends ScriptBox {
  constructor(context: BoxContext, world: World, live: LiveContext) {
    const { code, numinlets, numoutlets } = context.box;
    super(context, world, code, { live: { set: world.set, ...live }, http: world.hasHttp });
    if (this.host.inlets !== numinlets || this.host.outlets !== numoutlets) {
      context.error("the box has other ports than its script");
    }
  }
}

export class Drawing extends ScriptBox {
  constructor(context: BoxContext, world: World) {
    const { presentation_rect, patching_rect, textfile } = context.box;
    const [, , width = 100, height = 60] = presentation_rect ?? patching_rect;
    const { text } = (textfile ?? {}) as { text?: string };
    super(context, world, text, { box: [width, height] });
  }
}
