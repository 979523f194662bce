/** An independent parser of .amxd files, written from the format alone. */

export interface Entry {
  type: string;
  name: string;
  size: number;
  offset: number;
  version: number;
  flag: number;
  modified: number;
  data: Uint8Array;
}

interface Archive {
  headerSize: number;
  footer: number;
  directorySize: number;
  entries: Entry[];
}

export interface Parts {
  chunks: [string, Uint8Array][];
  archive: Archive | undefined;
}

const tag = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

const viewOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function takeApart(bytes: Uint8Array): Parts {
  const view = viewOf(bytes);
  const chunks: [string, Uint8Array][] = [];
  let at = 0;
  while (at < bytes.length) {
    const size = view.getUint32(at + 4, true);
    chunks.push([tag(view, at), bytes.subarray(at + 8, at + 8 + size)]);
    at += 8 + size;
  }
  if (at !== bytes.length) throw new Error(`the last chunk ends at ${at} of ${bytes.length}`);
  const payload = chunks.find(([name]) => name === "ptch")?.[1];
  return { chunks, archive: payload && archiveOf(payload) };
}

function archiveOf(payload: Uint8Array): Archive | undefined {
  const view = viewOf(payload);
  if (tag(view, 0) !== "mx@c") return undefined;
  const footer = Number(view.getBigUint64(8, false));
  const directorySize = view.getUint32(footer + 4, false);
  const entries: Entry[] = [];
  for (let at = footer + 8; at < footer + directorySize; at += view.getUint32(at + 4, false)) {
    entries.push(entryAt(payload, view, at));
  }
  return { headerSize: view.getUint32(4, false), footer, directorySize, entries };
}

const ORDER = ["type", "fnam", "sz32", "of32", "vers", "flag", "mdat"];

function entryAt(payload: Uint8Array, view: DataView, start: number): Entry {
  const fields = new Map<string, Uint8Array>();
  const end = start + view.getUint32(start + 4, false);
  for (let at = start + 8; at < end; ) {
    const size = view.getUint32(at + 4, false);
    fields.set(tag(view, at), payload.subarray(at + 8, at + size));
    at += size;
  }
  if ([...fields.keys()].join() !== ORDER.join()) throw new Error("fields out of order");
  const number = (name: string) => viewOf(fields.get(name) as Uint8Array).getUint32(0, false);
  const text = (name: string) => new TextDecoder().decode(fields.get(name));
  const [size, offset] = [number("sz32"), number("of32")];
  return {
    type: text("type"),
    name: text("fnam"),
    size,
    offset,
    version: number("vers"),
    flag: number("flag"),
    modified: number("mdat"),
    data: payload.subarray(offset, offset + size),
  };
}
