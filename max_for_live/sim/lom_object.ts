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

  /** Lists of children by name. */
  protected readonly lists: Record<string, LomObject[]> = {};
  /** Single children by name; null if there is none now. */
  protected readonly children: Record<string, () => LomObject | null> = {
    canonical_parent: () => this.parent,
  };

  list(name: string): LomObject[] | undefined {
    return this.lists[name];
  }

  /** Return a child; null if it is missing, undefined if there is no child of that name. */
  child(name: string): LomObject | null | undefined {
    return this.children[name]?.();
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
    const singles = Object.values(this.children).map((child) => child());
    for (const one of [...Object.values(this.lists).flat(), ...singles]) {
      if (one?.parent === this) yield* one.all();
    }
  }

  number(name: string): number {
    return Number(this.read(name)?.[0]);
  }

  /** Set a value without undo step and check, for tests. */
  put(name: string, value: Atom | Atom[]): void {
    this.values[name] = value;
  }
}
