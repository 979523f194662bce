/** Finds the numbers of inlets and outlets of a script by running its top level, as Max does. */

import { createContext, runInContext } from "node:vm";

/** Accepts any access, so that a script can be loaded without Max. */
const ANY: unknown = new Proxy(() => undefined, {
  get: () => ANY,
  apply: () => ANY,
  construct: () => ANY as object,
});

/** Globals that scripts may use while they are loaded. */
const GLOBALS = ["mgraphics", "box", "patcher", "max", "post", "outlet", "Task", "Dict", "LiveAPI"];
const TIMEOUT_MS = 5000;

interface ScriptPorts {
  inlets: number;
  outlets: number;
}

/** Return the ports, by default 1 and 1. Throw an Error if the script fails. */
export function portsOfScript(code: string): ScriptPorts {
  const context = createContext(Object.fromEntries(GLOBALS.map((name) => [name, ANY])));
  runInContext(code, context, { timeout: TIMEOUT_MS });
  const { inlets, outlets } = context as Partial<ScriptPorts>;
  return { inlets: inlets ?? 1, outlets: outlets ?? 1 };
}
