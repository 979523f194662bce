/**
 * Max's dictionaries: one space of names for all devices.
 *
 * Whether a list of one element comes back as a list is told in both ways by people who know;
 * hence a switch. Truth values become numbers, for atoms know no others.
 */

export interface DictHabits {
  /** What becomes of a list of one. */
  listOfOne: "list" | "element";
}

type Content = Record<string, unknown>;

export class DictSpace {
  readonly contents = new Map<string, Content>();
  private readonly peers = new Map<string, number>();
  private count = 0;

  constructor(readonly habits: DictHabits = { listOfOne: "list" }) {}

  open(name?: string): string {
    this.count += 1;
    const used = name ?? `u${String(this.count).padStart(9, "0")}`;
    if (!this.contents.has(used)) this.contents.set(used, {});
    this.peers.set(used, (this.peers.get(used) ?? 0) + 1);
    return used;
  }

  /** It goes when nobody holds it any more. */
  close(name: string): void {
    const left = (this.peers.get(name) ?? 1) - 1;
    this.peers.set(name, left);
    if (left > 0) return;
    this.peers.delete(name);
    this.contents.delete(name);
  }

  write(name: string, content: Content): void {
    if (!this.contents.has(name)) throw new Error(`no dictionary ${name}`);
    this.contents.set(name, this.keep(content) as Content);
  }

  read(name: string): Content {
    return this.contents.get(name) ?? {};
  }

  private keep(value: unknown): unknown {
    if (typeof value === "boolean") return value ? 1 : 0;
    if (Array.isArray(value)) return this.keepList(value.map((one) => this.keep(one)));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, one]) => one !== null)
        .map(([key, one]) => [key, this.keep(one)]),
    );
  }

  private keepList(list: unknown[]): unknown {
    return list.length === 1 && this.habits.listOfOne === "element" ? list[0] : list;
  }
}

/** Returns the class for one script; `keep` takes note of what ends with it. */
export function dictFor(space: DictSpace, keep: (end: () => void) => void) {
  return class Dict {
    readonly name: string;
    private open = true;

    constructor(name?: string) {
      this.name = space.open(name);
      keep(() => this.freepeer());
    }

    parse(text: string): void {
      space.write(this.name, JSON.parse(text));
    }

    stringify(): string {
      return JSON.stringify(space.read(this.name));
    }

    clear(): void {
      space.write(this.name, {});
    }

    get(key: string): unknown {
      return space.read(this.name)[key] ?? null;
    }

    set(key: string, value: unknown): void {
      space.write(this.name, { ...space.read(this.name), [key]: value });
    }

    contains(key: string): number {
      return key in space.read(this.name) ? 1 : 0;
    }

    remove(key: string): void {
      const { [key]: _, ...rest } = space.read(this.name);
      space.write(this.name, rest);
    }

    freepeer(): void {
      if (this.open) space.close(this.name);
      this.open = false;
    }
  };
}
