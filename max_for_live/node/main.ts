/** What node.script runs; Max hands in its own module max-api. */

import * as imported from "max-api";

import { Bridge, type Max } from "./bridge.ts";

const max = ((imported as { default?: unknown }).default ?? imported) as Max;
const bridge = new Bridge(max);

// The server ends with the device, however Node is told to go.
process.on("exit", () => bridge.close());
process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(0));
}

bridge.start();
