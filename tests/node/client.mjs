// A client in JavaScript that uses only grpc-js and the descriptors in protos/.
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

function invoke(client, method, message, seconds = 30) {
  const options = seconds === null ? {} : { deadline: Date.now() + 1000 * seconds };
  return new Promise((resolve, reject) => {
    client[method](message, options, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

// The fields of an error and its details, by the last part of the name of their type.
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

async function failure(method, message, seconds) {
  try {
    await invoke(bridge, method, message, seconds);
  } catch (error) {
    return explain(error);
  }
  throw new Error(`${method} did not fail`);
}

function request(generator_id, more = {}) {
  const options = { generate_sections: [{ start_time: 0, end_time: 4 }], ...more.options };
  return { generator_id, ...more, options };
}

function stream(message, onPiece) {
  const call = bridge.StreamGenerate(message, { deadline: Date.now() + 30_000 });
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

// A second call while the server accepts only one.
async function overload() {
  let rejected;
  await stream(request("gated"), async (call) => {
    rejected = await failure("Generate", request("scale"), 10);
    call.cancel();
  });
  return rejected;
}

const wild = { args: { temperature: { float_value: 9 } } };

const scenarios = {
  list: () => invoke(bridge, "ListGenerators", {}),
  generate: () => invoke(bridge, "Generate", request("scale", { seed: 7, variations: 2 })),
  stream: () => stream(request("scale", { seed: 7 })),
  cancel: () => stream(request("endless"), (call) => call.cancel()),
  bad: () => failure("Generate", request("scale", { options: wild })),
  missing: () => failure("GetGenerator", { generator_id: "missing" }),
  bug: () => failure("Generate", request("faulty")),
  overload,
  deadline: () => failure("Generate", request("gated"), 0.1),
  patience: () => failure("Generate", request("gated"), null),
  health: () => invoke(health, "Check", { service: "magenta_bridge.v1.GenerationService" }),
};

console.log(JSON.stringify(await scenarios[scenario]()));
bridge.close();
health.close();
