import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readDevice, readPatch } from "../../patch/container.ts";
import { singleFile } from "../../patch/freeze.ts";
import { listing } from "../../patch/listing.ts";
import { stubPlans } from "./devices.ts";

for (const plan of stubPlans()) {
  test(`the patch of ${plan.name} equals its baseline`, () => {
    const path = join(__dirname, "baselines", `${plan.name}.txt`);
    const text = `${listing(readPatch(readDevice(singleFile(plan).bytes)))}\n`;
    // After UPDATE_BASELINES=1 npm test, review the changes in git.
    if (process.env.UPDATE_BASELINES === "1") writeFileSync(path, text);
    assert.equal(text, readFileSync(path, "utf8"));
  });
}
