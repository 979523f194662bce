// Measures the melody network of Magenta.js with random weights, as benchmarks/generation.py
// measures ours: NoteSequence to NoteSequence, batch 1, warm. Prints one JSON line per network.
//
//   npm install && node melody_rnn.cjs [runs]
"use strict";

const http = require("node:http");

// Magenta.js logs to standard output, which is for the JSON lines.
console.log = console.error;

const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");
const { MusicRNN } = require("@magenta/music/node/music_rnn");
const { version } = require("@magenta/music/package.json");

const NETWORKS = [128, 512];
const PITCHES = 128;
const EVENTS = PITCHES + 2; // any pitch, note off, no event
const PRIMER_STEPS = 16;
const STEPS = 256;
const RUNS = Number(process.argv[2] || 15);

// The variables of a checkpoint of two LSTM layers, by name.
function shapes(units) {
  const cell = (index) => `rnn/multi_rnn_cell/cell_${index}/basic_lstm_cell`;
  return {
    [`${cell(0)}/kernel`]: [EVENTS + units, 4 * units],
    [`${cell(0)}/bias`]: [4 * units],
    [`${cell(1)}/kernel`]: [2 * units, 4 * units],
    [`${cell(1)}/bias`]: [4 * units],
    "fully_connected/weights": [units, EVENTS],
    "fully_connected/biases": [EVENTS],
  };
}

// Magenta.js loads checkpoints over HTTP only, so a local server provides one.
function serveCheckpoint(units) {
  const weights = Object.entries(shapes(units)).map(([name, shape]) => ({
    name,
    shape,
    dtype: "float32",
  }));
  const count = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  const values = Float32Array.from({ length: count }, () => (Math.random() - 0.5) * 0.2);
  const files = {
    "/config.json": JSON.stringify({
      type: "MusicRNN",
      dataConverter: { type: "MelodyConverter", args: { minPitch: 0, maxPitch: PITCHES - 1 } },
    }),
    "/weights_manifest.json": JSON.stringify([{ paths: ["weights.bin"], weights }]),
    "/weights.bin": Buffer.from(values.buffer),
  };
  const server = http.createServer((request, response) => {
    const file = files[request.url];
    response.writeHead(file === undefined ? 404 : 200);
    response.end(file);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function primer() {
  const notes = Array.from({ length: PRIMER_STEPS / 4 }, (_, index) => ({
    pitch: 60 + ((index * 2) % 12),
    quantizedStartStep: index * 4,
    quantizedEndStep: index * 4 + 4,
  }));
  const quantizationInfo = { stepsPerQuarter: 4 };
  return { notes, quantizationInfo, totalQuantizedSteps: PRIMER_STEPS };
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
}

async function measure(units) {
  const server = await serveCheckpoint(units);
  const network = new MusicRNN(`http://127.0.0.1:${server.address().port}`);
  await network.initialize();
  server.close();
  const cpu = [];
  const wall = [];
  for (let run = -2; run < RUNS; run += 1) {
    const usage = process.cpuUsage();
    const began = process.hrtime.bigint();
    await network.continueSequence(primer(), STEPS, 1.0);
    const nanoseconds = Number(process.hrtime.bigint() - began);
    const { user, system } = process.cpuUsage(usage);
    if (run >= 0) {
      cpu.push((user + system) / STEPS);
      wall.push(nanoseconds / 1e3 / STEPS);
    }
  }
  return {
    benchmark: "peers",
    network: `LSTM 2x${units}`,
    program: `Magenta.js ${version}, TensorFlow.js ${tf.version.tfjs}, ${tf.getBackend()}`,
    steps: STEPS,
    runs: RUNS,
    us_per_step: Math.round(quantile(cpu, 0.5) * 10) / 10,
    best_us_per_step: Math.round(Math.min(...cpu) * 10) / 10,
    p95_us_per_step: Math.round(quantile(cpu, 0.95) * 10) / 10,
    wall_us_per_step: Math.round(quantile(wall, 0.5) * 10) / 10,
  };
}

async function main() {
  await tf.setBackend("wasm");
  await tf.ready();
  for (const units of NETWORKS) {
    process.stdout.write(`${JSON.stringify(await measure(units))}\n`);
  }
}

main();
