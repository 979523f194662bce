/** Base class of the objects in Live's object model. */

export type Atom = number | string;

/** An error of Live: Max prints it to its window, and the script does not receive it. */
export class LomError extends Error {}

export abstract class LomObject {
  id = 0;
  abstract readonly type: string;

  constructor(readonly parent: LomObject | null) {}

  /** Values by name; a function if the value is computed. */
  protected readonly values: Record<string, Atom | Atom[] | (() => Atom | Atom[])> = {};
  protected readonly writable = new Set<string>();
  protected readonly methods: Record<string, (...args: unknown[]) => unknown> = {};

  /** Return a list of children, or undefined if there is no list of that name. */
  list(_name: string): LomObject[] | undefined {
    return undefined;
  }

  /** Return a child; null if it is missing, undefined if there is no child of that name. */
  child(name: string): LomObject | null | undefined {
    return name === "canonical_parent" ? this.parent : undefined;
  }

  read(name: string): Atom[] | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    const plain = typeof value === "function" ? value() : value;
    return Array.isArray(plain) ? plain : [plain];
  }

  write(name: string, value: Atom): void {
    if (!this.writable.has(name)) throw new LomError(`${this.type}: ${name} cannot be set`);
    this.values[name] = value;
  }

  invoke(name: string, args: unknown[]): unknown {
    const method = this.methods[name];
    if (method === undefined) throw new LomError(`${this.type}: no function ${name}`);
    return method(...args);
  }

  /** Iterate over this object and all descendants. */
  *all(): Iterable<LomObject> {
    yield this;
    for (const name of this.childNames()) {
      for (const one of this.list(name) ?? []) yield* one.all();
      const single = this.child(name);
      if (single?.parent === this) yield* single.all();
    }
  }

  protected abstract childNames(): string[];

  number(name: string): number {
    return Number(this.read(name)?.[0]);
  }

  /** Set a value without undo step and check, for tests. */
  put(name: string, value: Atom | Atom[]): void {
    this.values[name] = value;
  }
}
