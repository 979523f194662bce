// Calls every method with the Connect project's own client, in one form, and prints one JSON
// object with what came back.
//
//   node client.mjs http://127.0.0.1:50052 ../../../../protos/magenta_bridge.v1.json proto

import { readFileSync } from "node:fs";

import { createFileRegistry, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

const [, , baseUrl, descriptors, form] = process.argv;
const files = fromJson(FileDescriptorSetSchema, JSON.parse(readFileSync(descriptors, "utf8")));
const registry = createFileRegistry(files);
const service = registry.getService("magenta_bridge.v1.GenerationService");
const request = (generatorId) => ({
  generatorId,
  seed: 5n,
  options: { generateSections: [{ startTime: 0, endTime: 8 }] },
});

async function failure(work) {
  try {
    await work();
    return { code: "OK" };
  } catch (error) {
    const known = ConnectError.from(error);
    return {
      code: Code[known.code],
      message: known.rawMessage,
      details: known.details.map((detail) => ({ type: detail.type, debug: detail.debug })),
    };
  }
}

async function drain(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

async function scenario(useBinaryFormat) {
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    useBinaryFormat,
    useHttpGet: true,
  });
  const client = createClient(service, transport);
  const listed = await client.listGenerators({});
  const got = await client.getGenerator({ generatorId: "scale" });
  const whole = await client.generate(request("scale"));
  const pieces = await drain(client.streamGenerate(request("scale")));
  const notes = pieces.flatMap((piece) => piece.chunk?.notes ?? []).map((note) => note.pitch);
  const stop = new AbortController();
  let first = 0;
  const aborted = await failure(async () => {
    for await (const _ of client.streamGenerate(request("gated"), { signal: stop.signal })) {
      first += 1;
      stop.abort();
    }
  });
  return {
    listed: listed.generators.map((generator) => generator.id),
    got: got.generator.id,
    seed: Number(whole.seed),
    whole: whole.sequences[0].notes.map((note) => note.pitch),
    pieces: pieces.length,
    notes,
    first,
    aborted: aborted.code,
    unknown: await failure(() => client.generate(request("missing"))),
    unknownStream: await failure(() => drain(client.streamGenerate(request("missing")))),
    bad: await failure(() => client.generate({ generatorId: "scale" })),
    bug: await failure(() => client.generate(request("faulty"))),
    late: await failure(() => client.generate(request("gated"), { timeoutMs: 100 })),
  };
}

console.log(JSON.stringify(await scenario(form === "proto")));
