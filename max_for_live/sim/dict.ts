/**
 * Max's dictionaries, which have global names.
 *
 * Sources disagree whether a list of one element returns as a list, so that is an option. Booleans
 * become numbers: atoms have no other type.
 */

export interface DictOptions {
  /** What a list of one becomes. */
  listOfOne: "list" | "element";
}

type Content = Record<string, unknown>;

export class DictSpace {
  readonly contents = new Map<string, Content>();
  private readonly peers = new Map<string, number>();
  private count = 0;

  constructor(readonly options: DictOptions = { listOfOne: "list" }) {}

  open(name?: string): string {
    this.count += 1;
    const used = name ?? `u${String(this.count).padStart(9, "0")}`;
    if (!this.contents.has(used)) this.contents.set(used, {});
    this.peers.set(used, (this.peers.get(used) ?? 0) + 1);
    return used;
  }

  /** It is deleted when nothing refers to it any more. */
  close(name: string): void {
    const left = (this.peers.get(name) ?? 1) - 1;
    this.peers.set(name, left);
    if (left > 0) return;
    this.peers.delete(name);
    this.contents.delete(name);
  }

  write(name: string, content: Content): void {
    if (!this.contents.has(name)) throw new Error(`There is no dictionary ${name}.`);
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
    return list.length === 1 && this.options.listOfOne === "element" ? list[0] : list;
  }
}

/** Return the class for one script; `keep` registers a cleanup function. */
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

    freepeer(): void {
      if (this.open) space.close(this.name);
      this.open = false;
    }
  };
}
