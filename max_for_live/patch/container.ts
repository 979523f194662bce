/**
 * The .amxd file: outer chunks, with either the patch as text or an archive in `ptch`.
 *
 * Outer sizes are little-endian and exclude their header; sizes in the archive (`mx@c`) are
 * big-endian and include it. This layout reproduces 29 files of Live and of Max byte by byte.
 */

const DEVICE_TYPES = {
  mmmm: "MIDI effect",
  nagg: "MIDI Generator",
  natt: "MIDI Transformation",
} as const;
export type DeviceType = keyof typeof DEVICE_TYPES;

/** Flags of a file in the archive. */
export const FLAGS = {
  device: 0x11,
  /** Max reads it from the archive. */
  embedded: 0x00,
  /** It must exist on disk: audio, and the scripts of node.script. */
  onDisk: 0x08,
} as const;

const META = { unfrozen: 1, frozen: 7 } as const;

/** Seconds from Max's epoch, 1904, to the Unix epoch. */
const EPOCH_1904 = 2_082_844_800;
/** A constant, 1 January 2026, so that builds are reproducible. */
const BUILT_AT = Date.UTC(2026, 0, 1) / 1000 + EPOCH_1904;

export interface ArchiveFile {
  name: string;
  type: "JSON" | "TEXT";
  data: Buffer;
  flag: number;
}

export interface Device {
  type: DeviceType;
  /** The patch first; a device without an archive has only the patch. */
  files: ArchiveFile[];
  frozen: boolean;
}

/** Return `amxdtype` of the project block: the four letters as a big-endian number. */
export function typeNumber(type: DeviceType): number {
  return Buffer.from(type, "latin1").readUInt32BE();
}

/** Return the bytes of a device whose files are next to it. */
export function writeUnfrozen(type: DeviceType, patch: Buffer): Buffer {
  return outer(type, META.unfrozen, patch);
}

/** Return the bytes of a device that contains its files; the first is the patch. */
export function writeFrozen(type: DeviceType, files: ArchiveFile[]): Buffer {
  return outer(type, META.frozen, archive(files));
}

/** Return the patch as text that ends with a newline and a NUL, as in Live's own devices. */
export function patchBytes(patch: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(patch, null, 1)}\n\0`, "utf8");
}

function outer(type: DeviceType, meta: number, payload: Buffer): Buffer {
  return Buffer.concat([
    chunk("ampf", Buffer.from(type, "latin1")),
    chunk("meta", little(meta)),
    chunk("ptch", payload),
  ]);
}

function chunk(tag: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(tag, "latin1"), little(data.length), data]);
}

const ARCHIVE_HEADER = 16;

function archive(files: ArchiveFile[]): Buffer {
  const payload = Buffer.concat(files.map((file) => file.data));
  const header = Buffer.alloc(ARCHIVE_HEADER);
  header.write("mx@c", "latin1");
  header.writeUInt32BE(ARCHIVE_HEADER, 4);
  header.writeBigUInt64BE(BigInt(ARCHIVE_HEADER + payload.length), 8);
  return Buffer.concat([header, payload, directory(files)]);
}

function directory(files: ArchiveFile[]): Buffer {
  let offset = ARCHIVE_HEADER;
  const entries = files.map((file) => {
    const entry = directoryEntry(file, offset);
    offset += file.data.length;
    return entry;
  });
  return inner("dlst", Buffer.concat(entries));
}

function directoryEntry(file: ArchiveFile, offset: number): Buffer {
  return inner(
    "dire",
    Buffer.concat([
      inner("type", Buffer.from(file.type, "latin1")),
      inner("fnam", paddedName(file.name)),
      inner("sz32", big(file.data.length)),
      inner("of32", big(offset)),
      inner("vers", big(0)),
      inner("flag", big(file.flag)),
      inner("mdat", big(BUILT_AT)),
    ]),
  );
}

function inner(tag: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(tag, "latin1"), big(data.length + 8), data]);
}

/** NUL-terminated and padded to a multiple of four. */
function paddedName(name: string): Buffer {
  const bytes = Buffer.from(name, "utf8");
  return Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

function little(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function big(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Parse a device. Throw an Error with the position of a format error. */
export function readDevice(bytes: Buffer): Device {
  const chunks = outerChunks(bytes);
  const type = chunks.get("ampf")?.toString("latin1") ?? "";
  const payload = chunks.get("ptch");
  if (!(type in DEVICE_TYPES) || !payload) {
    throw new Error(
      `not a device: the chunk "ampf" or "ptch" is missing, or "${type}" is not a type.`,
    );
  }
  const deviceType = type as DeviceType;
  if (payload.toString("latin1", 0, 4) === "mx@c") {
    return { type: deviceType, files: archiveFiles(payload), frozen: true };
  }
  const patch: ArchiveFile = { name: "", type: "JSON", data: payload, flag: FLAGS.device };
  return { type: deviceType, files: [patch], frozen: false };
}

export function readPatch(device: Device): Record<string, unknown> {
  const text = (device.files[0] as ArchiveFile).data.toString("utf8");
  return JSON.parse(text.replace(/\0+$/, "")) as Record<string, unknown>;
}

function outerChunks(bytes: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length) {
      throw new Error(`not a device: ${bytes.length - at} stray bytes at ${at}.`);
    }
    const size = bytes.readUInt32LE(at + 4);
    if (at + 8 + size > bytes.length) {
      throw new Error(`not a device: the chunk at ${at} extends past the end of the file.`);
    }
    chunks.set(bytes.toString("latin1", at, at + 4), bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return chunks;
}

function archiveFiles(payload: Buffer): ArchiveFile[] {
  const footer = Number(payload.readBigUInt64BE(8));
  if (payload.toString("latin1", footer, footer + 4) !== "dlst") {
    throw new Error(`the archive has no directory at ${footer}.`);
  }
  const end = footer + payload.readUInt32BE(footer + 4);
  const files: ArchiveFile[] = [];
  for (let at = footer + 8; at < end; at += payload.readUInt32BE(at + 4)) {
    files.push(archiveFile(payload, at));
  }
  return files;
}

function archiveFile(payload: Buffer, start: number): ArchiveFile {
  const fields = new Map<string, Buffer>();
  const end = start + payload.readUInt32BE(start + 4);
  for (let at = start + 8; at < end; at += payload.readUInt32BE(at + 4)) {
    const data = payload.subarray(at + 8, at + payload.readUInt32BE(at + 4));
    fields.set(payload.toString("latin1", at, at + 4), data);
  }
  const field = (tag: string): Buffer => {
    const data = fields.get(tag);
    if (!data) {
      throw new Error(`the archive's entry at ${start} has no "${tag}".`);
    }
    return data;
  };
  const offset = field("of32").readUInt32BE();
  return {
    name: field("fnam").toString("utf8").replace(/\0+$/, ""),
    type: field("type").toString("latin1") as ArchiveFile["type"],
    data: payload.subarray(offset, offset + field("sz32").readUInt32BE()),
    flag: field("flag").readUInt32BE(),
  };
}
