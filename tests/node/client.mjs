// A client in another language, made of nothing but grpc-js and the descriptors in protos/.
//
//   node client.mjs HOST:PORT SCENARIO
//
// Each scenario prints one line of JSON, which the tests read.

import { readFileSync } from "node:fs";

import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const DESCRIPTORS = new URL("../../protos/magenta_bridge.v1.js.json", import.meta.url);
const OPTIONS = { longs: Number, enums: String, defaults: true, oneofs: true };

const definition = loader.fromJSON(JSON.parse(readFileSync(DESCRIPTORS, "utf8")), OPTIONS);
const { magenta_bridge, grpc: standard } = grpc.loadPackageDefinition(definition);

const [address, scenario] = process.argv.slice(2);
const credentials = grpc.credentials.createInsecure();
const bridge = new magenta_bridge.v1.GenerationService(address, credentials);
const health = new standard.health.v1.Health(address, credentials);

function ask(client, method, request, seconds = 30) {
  const options = seconds === null ? {} : { deadline: Date.now() + 1000 * seconds };
  return new Promise((resolve, reject) => {
    client[method](request, options, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

// What an error says, with the details that came with it, by the last part of their type's name.
function explain(error) {
  const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
  const details = {};
  if (packed) {
    for (const { type_url, value } of definition["google.rpc.Status"].deserialize(packed).details) {
      const type = type_url.split("/").pop();
      details[type.split(".").pop()] = definition[type].deserialize(value);
    }
  }
  return { code: grpc.status[error.code], message: error.details, details };
}

async function failure(method, request, seconds) {
  try {
    await ask(bridge, method, request, seconds);
  } catch (error) {
    return explain(error);
  }
  throw new Error(`${method} did not fail`);
}

function order(generator_id, more = {}) {
  const options = { generate_sections: [{ start_time: 0, end_time: 4 }], ...more.options };
  return { generator_id, ...more, options };
}

function stream(request, onPiece) {
  const call = bridge.StreamGenerate(request, { deadline: Date.now() + 30_000 });
  const pieces = [];
  return new Promise((resolve) => {
    call.on("data", (piece) => {
      pieces.push(piece);
      onPiece?.(call);
    });
    call.on("error", (error) => resolve({ pieces, ...explain(error) }));
    call.on("end", () => resolve({ pieces, code: "OK" }));
  });
}

// The second call of one connection where the server takes one.
async function overload() {
  let refused;
  await stream(order("gated"), async (call) => {
    refused = await failure("Generate", order("scale"), 10);
    call.cancel();
  });
  return refused;
}

const wild = { args: { temperature: { float_value: 9 } } };

const scenarios = {
  list: () => ask(bridge, "ListGenerators", {}),
  generate: () => ask(bridge, "Generate", order("scale", { seed: 7, variations: 2 })),
  stream: () => stream(order("scale", { seed: 7 })),
  cancel: () => stream(order("endless"), (call) => call.cancel()),
  bad: () => failure("Generate", order("scale", { options: wild })),
  missing: () => failure("GetGenerator", { generator_id: "missing" }),
  bug: () => failure("Generate", order("faulty")),
  overload,
  deadline: () => failure("Generate", order("gated"), 0.1),
  patience: () => failure("Generate", order("gated"), null),
  health: () => ask(health, "Check", { service: "magenta_bridge.v1.GenerationService" }),
};

console.log(JSON.stringify(await scenarios[scenario]()));
bridge.close();
health.close();
