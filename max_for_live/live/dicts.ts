/** Max's dictionaries by name, and the one in which devices tell tools where the server is. */

import type { DictObject } from "../core/host/dict_codec.ts";
import type { Dicts } from "../core/host/ports.ts";

/** One for all devices of this Live; its name is fixed, for tools look for it. */
const SHARED = "magenta_bridge_shared";

export class MaxDicts implements Dicts {
  private readonly open = new Map<string, Dict>();
  private count = 0;
  /** Names are the same for all of Max, so each device has words of its own. */
  private readonly own = `magenta_bridge_${Date.now().toString(36)}_${letters()}`;

  make(): string {
    this.count += 1;
    const name = `${this.own}_${this.count}`;
    this.open.set(name, new Dict(name));
    return name;
  }

  write(name: string, content: DictObject): void {
    this.held(name).parse(JSON.stringify(content));
  }

  read(name: string): unknown {
    return JSON.parse(this.held(name).stringify());
  }

  free(name: string): void {
    this.open.get(name)?.freepeer();
    this.open.delete(name);
  }

  private held(name: string): Dict {
    const dict = this.open.get(name);
    if (dict === undefined) throw new Error("The dictionary is gone; reload the device.");
    return dict;
  }
}

/** Reads any device's dictionary once. */
export function readDict(name: string): unknown {
  const dict = new Dict(name);
  const content: unknown = JSON.parse(dict.stringify());
  dict.freepeer();
  return content;
}

export interface Shared {
  /** Such as "127.0.0.1:50051"; "" for none. */
  grpc: string;
  /** Such as "http://127.0.0.1:50052"; "" for none. */
  http: string;
}

export class SharedDict {
  private readonly dict = new Dict(SHARED);
  private told: Shared = { grpc: "", http: "" };

  read(): Shared {
    const content = JSON.parse(this.dict.stringify()) as Partial<Record<keyof Shared, unknown>>;
    return { grpc: textOf(content.grpc), http: textOf(content.http) };
  }

  /** A device without server leaves alone what another device has told. */
  tell(shared: Shared): void {
    const there = this.read();
    const gone = shared.grpc === "" && shared.http === "";
    if (gone && (there.grpc !== this.told.grpc || there.http !== this.told.http)) return;
    this.told = shared;
    this.dict.parse(JSON.stringify(shared));
  }

  close(): void {
    this.dict.freepeer();
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function letters(): string {
  return Math.floor(Math.random() * 36 ** 6).toString(36);
}
