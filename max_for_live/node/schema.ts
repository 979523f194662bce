/** The API's messages and methods, from the server's descriptors. */

import protobuf from "protobufjs/light";

import descriptors from "../../protos/magenta_bridge.v1.js.json";

interface Descriptor {
  fields?: Record<string, { oneof?: string[] }>;
  oneofs?: Record<string, { oneof: string[] }>;
  nested?: Record<string, Descriptor>;
}

/** protobuf's JSON has camelCase names; the descriptors have those of the .proto files. */
function withCamelCase(shape: Descriptor): Descriptor {
  const changed: Descriptor = { ...shape };
  if (shape.fields) changed.fields = mapKeys(shape.fields, (field) => field);
  if (shape.oneofs) {
    const names = ({ oneof }: { oneof: string[] }) => ({ oneof: oneof.map(camelCase) });
    changed.oneofs = mapKeys(shape.oneofs, names);
  }
  if (shape.nested) {
    const nested = Object.entries(shape.nested).map(([key, item]) => [key, withCamelCase(item)]);
    changed.nested = Object.fromEntries(nested);
  }
  return changed;
}

function mapKeys<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  const entries = Object.entries(record).map(([key, value]) => [camelCase(key), change(value)]);
  return Object.fromEntries(entries);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const root = protobuf.Root.fromJSON(
  withCamelCase(descriptors as Descriptor) as protobuf.INamespace,
);
root.resolveAll();

/** protobuf's JSON form: 64-bit numbers and enums as strings, no defaults. */
const JSON_FORM: protobuf.IConversionOptions = {
  longs: String,
  enums: String,
  bytes: String,
  json: true,
};

/** Converts a message between bytes and a JSON object. */
interface Codec {
  write(value: object): Buffer;
  read(bytes: Uint8Array): object;
}

export function codecOf(name: string): Codec {
  const type = root.lookupType(name);
  return {
    write: (value) => Buffer.from(type.encode(type.fromObject(value)).finish()),
    read: (bytes) => type.toObject(type.decode(bytes), JSON_FORM),
  };
}

export interface Method {
  path: string;
  request: Codec;
  response: Codec;
}

export function methodOf(service: string, name: string): Method {
  const method = root.lookupService(service).methods[name];
  if (!method) throw new Error(`${service} has no method ${name}.`);
  const nearby = service.slice(0, service.lastIndexOf(".") + 1);
  const full = (type: string) => (type.startsWith(".") ? type.slice(1) : nearby + type);
  return {
    path: `/${service}/${name}`,
    request: codecOf(full(method.requestType)),
    response: codecOf(full(method.responseType)),
  };
}
