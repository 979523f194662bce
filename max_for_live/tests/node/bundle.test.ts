import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { after, before, describe, test } from "node:test";

import type { Generator, StreamGenerateResponse } from "../../core/transport/messages.ts";
import { sharedServer } from "../server.ts";
import { BUNDLE, NODES, NodeHalf } from "./node_half.ts";

const server = sharedServer();

test("the bundle requires only Node's own modules and max-api", () => {
  const text = readFileSync(BUNDLE, "utf8");
  const required = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => String(name));
  const foreign = required.filter((name) => !builtinModules.includes(name.replace(/^node:/, "")));
  assert.deepEqual([...new Set(foreign)], ["max-api"]);
});

for (const [name, node] of Object.entries(NODES)) {
  for (const listOfOne of ["list", "element"] as const) {
    describe(`under ${name}, where a list of one is read as ${listOfOne}`, () => {
      let half: NodeHalf;

      before(async () => {
        half = new NodeHalf({ node, options: { listOfOne } });
        await half.message(["ready", 1]);
        assert.equal((await half.connect(server.grpc))[2], server.grpc);
      });
      after(async () => {
        await half.stop();
        assert.deepEqual(half.complaints, []);
      });

      test("lists the generators, each with its arguments", async () => {
        const { values, last } = await half.whole(half.call("ListGenerators", {}));
        const list = values[0] as Generator[];
        const melody = list.find(({ id }) => id === "lstm_melody");
        assert.equal(last[0], "done");
        assert.equal(values.length, 1);
        assert.equal(melody?.status, "GENERATOR_STATUS_READY");
        assert.ok(melody?.capabilities?.includes("CAPABILITY_CONTINUE"));
        const temperature = melody?.arguments?.find((row) => row.name === "temperature");
        assert.equal(temperature?.type, "ARGUMENT_TYPE_FLOAT");
        assert.equal(temperature?.maximum, 4);
        assert.deepEqual(temperature?.defaultValue, { floatValue: 1 });
      });

      test("continues a primer of 5,000 notes, part by part", async () => {
        const request = { ...long(5000), seed: "7", variations: 2 };
        const { values, last } = await half.whole(half.call("StreamGenerate", request));
        const pieces = values as StreamGenerateResponse[];
        assert.deepEqual(last[0], "done");
        assert.deepEqual(
          pieces.filter((piece) => piece.last).map((piece) => piece.variation ?? 0),
          [0, 1],
        );
        const notes = pieces.flatMap((piece) => piece.chunk?.notes ?? []);
        assert.ok(notes.length > 0);
        for (const note of notes) assert.ok((note.startTime ?? 0) >= 2500 / 4);
        assert.ok(pieces.every((piece) => piece.seed === "7"));
      });

      test("reports the server's reason for an error", async () => {
        const request = { ...long(1), generatorId: "no_such_one" };
        const { last } = await half.whole(half.call("StreamGenerate", request));
        assert.deepEqual(last.slice(2, 5), ["not_found", -1, "NOT_FOUND"]);
        assert.match(String(last[5]), /no_such_one/);
      });
    });
  }
}

/** Return a request with a primer of eighth notes at tempo 120, and two bars to generate. */
function long(count: number) {
  const notes = Array.from({ length: count }, (_, index) => ({
    pitch: 60 + (index % 12),
    velocity: 90,
    startTime: index / 8,
    endTime: (index + 1) / 8,
  }));
  const end = Math.ceil(count / 8 / 2) * 2;
  return {
    generatorId: "lstm_melody",
    primer: { notes, tempos: [{ qpm: 120 }], totalTime: count / 8 },
    options: { generateSections: [{ startTime: end, endTime: end + 4 }] },
  };
}
