/** Entry point of node.script; Max provides the module max-api. */

import * as imported from "max-api";

import { Bridge, type Max } from "./bridge.ts";

const max = ((imported as { default?: unknown }).default ?? imported) as Max;
const bridge = new Bridge(max);

// Stop the server with the device, whatever ends Node.
process.on("exit", () => bridge.close());
process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(0));
}

bridge.start();
