/**
 * Encodes any JSON value so that a Max dictionary preserves it, and decodes it exactly.
 *
 * Dictionaries differ from JSON: a list of one may return as its element, an empty list may vanish,
 * booleans become numbers, numeric strings may become numbers, and fractions may be rounded. So
 * lists state their length, numbers with many digits are stored as the two halves of their bits,
 * and lists of rows are stored as columns: a note costs a few atoms instead of a dictionary.
 * Strings are few and short, because Max keeps every string forever.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Row = { [key: string]: Json };
/** Value in a dictionary. */
export type DictValue = number | string | DictValue[] | DictObject;
export interface DictObject {
  [key: string]: DictValue;
}

/** Key for the length of a list, or for the kind of a special object. */
const TAG = "#";
/** Prefix of strings that encode something else. */
const MARK = "~";
const HOLE = MARK;
/** Atoms per list; a message has at most 32,767. */
const CHUNK = 4096;

/** Encode `value` as an object that a dictionary preserves. */
export function encode(value: unknown): DictObject {
  const coded = write(value as Json);
  return isObject(coded) ? coded : { [TAG]: "value", value: coded };
}

/** Decode. Throw an Error if the dictionary does not contain an encoded value. */
export function decode(stored: unknown): Json {
  if (!isObject(stored)) throw new Error("The dictionary is empty.");
  return read(stored);
}

function write(value: Json | undefined): DictValue {
  if (value === null || value === undefined) return `${MARK}null`;
  if (Array.isArray(value)) return writeList(value);
  if (typeof value === "object") return writeObject(value);
  if (typeof value === "number" && !isShort(value)) return writeBits(value);
  return writeAtom(value);
}

function writeAtom(value: string | number | boolean): string | number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return MARK + value;
  const mistakable = value === "" || value.startsWith(MARK) || !Number.isNaN(Number(value));
  return mistakable ? `${MARK}=${value}` : value;
}

function writeObject(value: Row): DictObject {
  const coded: DictObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) coded[key.startsWith(TAG) ? MARK + key : key] = write(item);
  }
  return Object.keys(coded).length > 0 ? coded : { [TAG]: "empty" };
}

function writeList(values: Json[]): DictObject {
  const coded: DictObject = { [TAG]: values.length };
  if (values.length === 0) return coded;
  if (values.every(isScalar)) coded.column = writeColumn(values);
  else if (values.every(isFlat)) coded.columns = writeColumns(values as Row[]);
  else coded.items = Object.fromEntries(values.map((value, index) => [index, write(value)]));
  return coded;
}

function writeColumns(rows: Row[]): DictObject {
  const keys = new Set<string>();
  for (const row of rows) for (const key of Object.keys(row)) keys.add(key);
  const columns: DictObject = { [TAG]: "columns" };
  for (const key of keys) {
    columns[key.startsWith(TAG) ? MARK + key : key] = writeColumn(rows.map((row) => row[key]));
  }
  return columns;
}

/** Encode scalars; undefined where a row has no such field. */
function writeColumn(values: (Json | undefined)[]): DictObject {
  const long = values.some((value) => typeof value === "number" && !isShort(value));
  if (!long) return writeChunks(values.map(writeCell));
  const bits = values.map((value) => (typeof value === "number" ? split(value) : null));
  return {
    high: writeChunks(values.map((value, index) => bits[index]?.[0] ?? writeCell(value))),
    low: writeChunks(bits.map((pair) => pair?.[1] ?? 0)),
  };
}

function writeCell(value: Json | undefined): string | number {
  if (value === undefined) return HOLE;
  return value === null ? `${MARK}null` : writeAtom(value as string | number | boolean);
}

function writeChunks(atoms: (string | number)[]): DictObject {
  const chunks: DictObject = {};
  for (let start = 0; start < atoms.length; start += CHUNK) {
    const chunk = atoms.slice(start, start + CHUNK);
    const first = chunk[0] as string | number;
    chunks[start / CHUNK] = chunk.length === 1 ? [first, first] : chunk;
  }
  return chunks;
}

function writeBits(value: number): DictObject {
  const [high, low] = split(value);
  return { [TAG]: "bits", high, low };
}

function read(stored: DictValue | undefined): Json {
  const value = Array.isArray(stored) && stored.length === 1 ? stored[0] : stored;
  if (!isObject(value)) return readAtom(value);
  const tag = value[TAG];
  if (tag === undefined) return readObject(value);
  if (tag === "empty") return {};
  if (tag === "value") return read(value.value);
  if (tag === "bits") return join(value.high, value.low);
  return readList(value, Number(tag));
}

function readAtom(value: DictValue | undefined): Json {
  if (typeof value === "number") return value;
  if (typeof value !== "string") throw new Error("The dictionary has a list without a length.");
  if (!value.startsWith(MARK)) return value;
  if (value.startsWith(`${MARK}=`)) return value.slice(2);
  return value === `${MARK}null` ? null : value === `${MARK}true`;
}

function readObject(value: DictObject): Row {
  const plain: Row = {};
  for (const [key, item] of Object.entries(value)) plain[readKey(key)] = read(item);
  return plain;
}

function readKey(key: string): string {
  return key.startsWith(MARK + TAG) ? key.slice(1) : key;
}

function readList(list: DictObject, length: number): Json[] {
  if (isObject(list.column)) return readColumn(list.column, length) as Json[];
  if (isObject(list.columns)) return readColumns(list.columns, length);
  const items = list.items as DictObject | undefined;
  return Array.from({ length }, (_, index) => read(items?.[index]));
}

function readColumns(columns: DictObject, length: number): Json[] {
  const rows: Row[] = Array.from({ length }, () => ({}));
  for (const [key, column] of Object.entries(columns)) {
    if (!isObject(column)) continue;
    readColumn(column, length).forEach((value, index) => {
      if (value !== undefined) (rows[index] as Row)[readKey(key)] = value;
    });
  }
  return rows;
}

function readColumn(column: DictObject, length: number): (Json | undefined)[] {
  if (!isObject(column.high)) return readChunks(column, length).map(readCell);
  const low = readChunks(column.low as DictObject, length);
  return readChunks(column.high, length).map((high, index) =>
    typeof high === "number" ? join(high, low[index]) : readCell(high),
  );
}

function readCell(atom: string | number): Json | undefined {
  return atom === HOLE ? undefined : readAtom(atom);
}

function readChunks(chunks: DictObject, length: number): (string | number)[] {
  const atoms: (string | number)[] = [];
  for (let index = 0; atoms.length < length; index += 1) {
    const chunk = chunks[index];
    if (!Array.isArray(chunk)) throw new Error("The dictionary lacks part of a list.");
    for (const atom of chunk) atoms.push(atom as string | number);
  }
  return atoms.slice(0, length);
}

/** Whether any formatting preserves the number: up to 4 decimals, or a small integer. */
function isShort(value: number): boolean {
  if (Number.isInteger(value)) return Math.abs(value) < 2 ** 31;
  return Math.abs(value) < 100 && Number(value.toFixed(4)) === value;
}

const BITS = new DataView(new ArrayBuffer(8));

function split(value: number): [number, number] {
  BITS.setFloat64(0, value);
  return [BITS.getInt32(0), BITS.getInt32(4)];
}

function join(high: DictValue | undefined, low: DictValue | undefined): number {
  BITS.setInt32(0, Number(high));
  BITS.setInt32(4, Number(low));
  return BITS.getFloat64(0);
}

function isObject(value: unknown): value is DictObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: Json | undefined): boolean {
  return typeof value !== "object" || value === null;
}

function isFlat(value: Json): boolean {
  return isObject(value) && Object.values(value).every((item) => isScalar(item as Json));
}
