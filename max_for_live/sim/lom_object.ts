/** What every object of Live's object model has, as LiveAPI shows it. */

export type Atom = number | string;

/** Live's refusals: Max prints them to its window and the script hears nothing. */
export class LomError extends Error {}

export abstract class LomObject {
  id = 0;
  abstract readonly type: string;

  constructor(readonly parent: LomObject | null) {}

  /** Values by name; a function where it is worked out. */
  protected readonly values: Record<string, Atom | Atom[] | (() => Atom | Atom[])> = {};
  protected readonly writable = new Set<string>();
  protected readonly methods: Record<string, (...args: unknown[]) => unknown> = {};

  /** A list of children, or undefined where there is none of that name. */
  list(_name: string): LomObject[] | undefined {
    return undefined;
  }

  /** A single child; null for none, undefined where there is none of that name. */
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

  /** All below it, itself first. */
  *all(): Iterable<LomObject> {
    yield this;
    for (const name of this.childNames()) {
      for (const one of this.list(name) ?? []) yield* one.all();
      const single = this.child(name);
      if (single?.parent === this) yield* single.all();
    }
  }

  protected abstract childNames(): string[];

  /** A number that it holds. */
  number(name: string): number {
    return Number(this.read(name)?.[0]);
  }

  /** The test's hand: no undo step, no check. */
  put(name: string, value: Atom | Atom[]): void {
    this.values[name] = value;
  }
}
