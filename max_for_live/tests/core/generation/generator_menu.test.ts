import assert from "node:assert/strict";
import { test } from "node:test";

import { menuFor } from "../../../core/generation/generator_menu.ts";
import { toolOf } from "../../../core/generation/tools.ts";

const CAN = { capabilities: ["CAPABILITY_GENERATE"], status: "GENERATOR_STATUS_READY" };
const DUO = { id: "gan_duo", family: "gan", encoding: "duo", ...CAN };
const BARS = { id: "gan_melody", family: "gan", encoding: "melody", ...CAN };
const LINE = { id: "lstm_melody", family: "lstm", encoding: "melody", ...CAN };
const GENERATE = toolOf("generate");

test("the default is a monophonic melody, if there is one", () => {
  assert.equal(menuFor([DUO, BARS, LINE], GENERATE, "").index, 2);
  assert.equal(menuFor([DUO, BARS], GENERATE, "").index, 0);
});

test("the chosen generator stays chosen while it is missing", () => {
  assert.equal(menuFor([DUO, BARS, LINE], GENERATE, "gan_melody").index, 1);
  const { entries, index } = menuFor([DUO, LINE], GENERATE, "gan_melody");
  assert.equal(entries[index], "gan_melody (missing)");
});
