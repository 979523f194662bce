/** Max's LiveAPI over the simulated Live. */

import type { LiveSet } from "./live_set.ts";
import type { Atom, LomObject } from "./lom_object.ts";

export interface ApiWorld {
  set: LiveSet;
  device: LomObject;
  /** Whether live.thisdevice has sent its bang; earlier objects stay invalid. */
  ready: () => boolean;
  /** Registers a cleanup function. */
  keep: (end: () => void) => void;
}

type Callback = (args: Atom[]) => void;

/** Return the class for one device's scripts. */
export function liveApiFor(world: ApiWorld) {
  const { set } = world;

  return class LiveAPI {
    private target: LomObject | null = null;
    private observed = "";
    private last = "";
    private readonly callback: Callback | null;

    constructor(...args: unknown[]) {
      const callback = typeof args[0] === "function" ? (args.shift() as Callback) : null;
      this.callback = callback;
      if (!world.ready()) {
        set.console.push("Live API is not initialized, use live.thisdevice");
        return;
      }
      this.target = set.resolve(String(args[0] ?? ""), world.device);
      if (callback !== null) set.runNotification(() => callback(["id", Number(this.id)]));
    }

    /** A string in v8. */
    get id(): string {
      return String(this.alive === null ? 0 : set.idOf(this.alive));
    }

    set id(_value: unknown) {
      throw new Error("The simulated LiveAPI cannot change its object.");
    }

    get type(): string {
      return this.alive?.type ?? "";
    }

    get property(): string {
      return this.observed;
    }

    /** Call back immediately, and at each change. */
    set property(name: string) {
      this.observed = name;
      this.last = "";
      if (this.callback === null) return;
      const check = () => this.check();
      set.runNotification(check);
      world.keep(set.observe(check));
    }

    get(name: string): Atom[] {
      const alive = this.alive;
      if (alive === null) return [0];
      const list = alive.list(name);
      if (list !== undefined) return list.flatMap((one) => ["id", set.idOf(one)]);
      const child = alive.child(name);
      if (child !== undefined) return ["id", child === null ? 0 : set.idOf(child)];
      const value = alive.read(name);
      if (value === undefined) set.console.push(`${alive.type}: no property called ${name}`);
      return value ?? [0];
    }

    set(name: string, ...values: Atom[]): void {
      const alive = this.alive;
      if (alive === null) return;
      set.change(`set ${name}`, () => alive.write(name, values[0] as Atom));
    }

    call(name: string, ...args: unknown[]): unknown {
      const alive = this.alive;
      if (alive === null) return [0];
      const answer = set.change(name, () => alive.invoke(name, args));
      if (isObject(answer)) return ["id", set.idOf(answer)];
      return answer ?? ["id", 0];
    }

    /** Its object, while that is in the Set. */
    private get alive(): LomObject | null {
      const target = this.target;
      if (target === null || target === world.device || target === set) return target;
      return set.find(set.idOf(target));
    }

    private check(): void {
      if (this.observed === "" || this.alive === null) return;
      const value = this.get(this.observed);
      const text = value.join(" ");
      if (text === this.last) return;
      this.last = text;
      this.callback?.([this.observed, ...value]);
    }
  };
}

function isObject(value: unknown): value is LomObject {
  return typeof value === "object" && value !== null && "all" in value;
}
