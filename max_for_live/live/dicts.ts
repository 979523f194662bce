/** Max's dictionaries by name, and the one in which devices publish the server's address. */

import type { DictObject } from "../core/host/dict_codec.ts";
import type { Dicts } from "../core/host/ports.ts";

/** The same for all devices of this Live: the MIDI Tools look it up by name. */
const SHARED_DICT = "magenta_bridge_shared";

export class MaxDicts implements Dicts {
  private readonly open = new Map<string, Dict>();
  private count = 0;
  /** Dictionary names are global in Max, so each device has a unique prefix. */
  private readonly prefix = `magenta_bridge_${Date.now().toString(36)}_${letters()}`;

  make(): string {
    this.count += 1;
    const name = `${this.prefix}_${this.count}`;
    this.open.set(name, new Dict(name));
    return name;
  }

  write(name: string, content: DictObject): void {
    this.dictOf(name).parse(JSON.stringify(content));
  }

  read(name: string): unknown {
    return JSON.parse(this.dictOf(name).stringify());
  }

  free(name: string): void {
    this.open.get(name)?.freepeer();
    this.open.delete(name);
  }

  private dictOf(name: string): Dict {
    const dict = this.open.get(name);
    if (dict === undefined) throw new Error("The dictionary no longer exists. Reload the device.");
    return dict;
  }
}

/** Return the content of any dictionary. */
export function readDict(name: string): unknown {
  const dict = new Dict(name);
  const content: unknown = JSON.parse(dict.stringify());
  dict.freepeer();
  return content;
}

interface Shared {
  /** Such as "127.0.0.1:50051"; "" for none. */
  grpc: string;
  /** Such as "http://127.0.0.1:50052"; "" for none. */
  http: string;
}

export class SharedDict {
  private readonly dict = new Dict(SHARED_DICT);
  private published: Shared = { grpc: "", http: "" };

  read(): Shared {
    const content = JSON.parse(this.dict.stringify()) as Partial<Record<keyof Shared, unknown>>;
    return { grpc: textOf(content.grpc), http: textOf(content.http) };
  }

  /** Publish, unless this device has no server and another device has published one. */
  publish(shared: Shared): void {
    const current = this.read();
    const hasNoServer = shared.grpc === "" && shared.http === "";
    if (
      hasNoServer &&
      (current.grpc !== this.published.grpc || current.http !== this.published.http)
    )
      return;
    this.published = shared;
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
