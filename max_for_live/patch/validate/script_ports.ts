/** How many inlets and outlets a script asks for: found by reading it as Max does when it loads. */

import { createContext, runInContext } from "node:vm";

/** Answers to everything, so that a script can be read without Max. */
const ANYTHING: unknown = new Proxy(() => undefined, {
  get: () => ANYTHING,
  apply: () => ANYTHING,
  construct: () => ANYTHING as object,
});

/** What scripts may use while they are read. */
const GLOBALS = ["mgraphics", "box", "patcher", "max", "post", "outlet", "Task", "Dict", "LiveAPI"];
const LONGEST_MS = 5000;

export interface ScriptPorts {
  inlets: number;
  outlets: number;
}

/** Max's own numbers are 1 and 1 where a script says none. An Error when the script fails. */
export function portsOfScript(code: string): ScriptPorts {
  const context = createContext(Object.fromEntries(GLOBALS.map((name) => [name, ANYTHING])));
  runInContext(code, context, { timeout: LONGEST_MS });
  const { inlets, outlets } = context as Partial<ScriptPorts>;
  return { inlets: inlets ?? 1, outlets: outlets ?? 1 };
}
