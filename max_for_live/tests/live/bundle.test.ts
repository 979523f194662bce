import assert from "node:assert/strict";
import { test } from "node:test";
import { type FunctionDeclaration, type Program, parse } from "acorn";
import { bundleV8, V8_SCRIPTS } from "../../build/scripts.ts";
import { MaxWorld, V8Host } from "../../sim/v8_host.ts";
import { script } from "./fixture.ts";

const HANDLERS = {
  live: [
    ...["closing", "control", "enabled", "live_ready", "node", "node_status"],
    ...["note_in", "notifydeleted", "picked", "roll_clicked"],
  ],
  generator: ["closing", "control", "dictionary", "live_ready", "notes", "notifydeleted"],
  transformation: ["closing", "control", "dictionary", "live_ready", "notes", "notifydeleted"],
  roll: ["onclick", "paint", "roll"],
};
const PORTS = { live: [1, 6], generator: [2, 3], transformation: [2, 3], roll: [1, 1] };

/** Names that Max's v8 does not have, or that would print. */
const ABSENT = [
  ...["setTimeout", "setInterval", "queueMicrotask", "require", "process", "console"],
  ...["fetch", "Buffer", "Promise", "post", "window"],
];

/** Return the names that are used as variables, and "async" for an async function. */
function namesIn(node: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const one of node) namesIn(one, names);
  if (typeof node !== "object" || node === null || !("type" in node)) return names;
  const { type, name, computed, async } = node as Record<string, unknown>;
  if (type === "Identifier") names.add(String(name));
  if (async === true) names.add("async");
  for (const [key, value] of Object.entries(node)) {
    if (!computed && (key === "property" || key === "key")) continue;
    namesIn(value, names);
  }
  return names;
}

function functionsOf(program: Program): string[] {
  return program.body
    .filter((one): one is FunctionDeclaration => one.type === "FunctionDeclaration")
    .map((one) => one.id?.name ?? "");
}

for (const name of Object.keys(V8_SCRIPTS) as (keyof typeof V8_SCRIPTS)[]) {
  test(`the script ${name} is ES2020 with Max's handlers as top-level functions`, async () => {
    const code = await script(name);
    const program = parse(code, { ecmaVersion: 2020, sourceType: "script" });
    assert.deepEqual(functionsOf(program).sort(), HANDLERS[name]);
    const names = namesIn(program);
    assert.deepEqual(
      [...ABSENT, "async"].filter((one) => names.has(one)),
      [],
    );
    assert.ok(
      [...code].every((letter) => letter < "\u0080"),
      "the script is ASCII",
    );
  });

  test(`the script ${name} sets its ports and has no output while it is loaded`, async () => {
    const host = new V8Host(await script(name), new MaxWorld());
    assert.deepEqual([host.inlets, host.outlets], PORTS[name]);
    assert.deepEqual(host.sent, []);
    assert.deepEqual(host.console, []);
  });

  test(`the script ${name} is reproducible`, async () => {
    assert.equal(await bundleV8(name), await script(name));
  });
}
