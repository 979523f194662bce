/** Scripts that hold a place until the real ones are there: they take every word and say nothing. */

const HANDLERS = ["live_ready", "enabled", "closing", "control", "node", "node_status", "heard"];
const DIALOGS = ["picked", "roll_clicked"];

const script = (inlets: number, outlets: number, handlers: string[]): string =>
  [
    `inlets = ${inlets};`,
    `outlets = ${outlets};`,
    ...handlers.map((name) => `function ${name}() {}`),
    "",
  ].join("\n");

export const STANDINS = {
  live: script(1, 6, [...HANDLERS, ...DIALOGS]),
  generator: script(2, 3, ["live_ready", "closing", "control", "notes", "dictionary"]),
  transformation: script(2, 3, ["live_ready", "closing", "control", "notes", "dictionary"]),
  roll: ["mgraphics.init();", "function roll() {}", "function paint() {}", ""].join("\n"),
  node: [
    'const max = require("max-api");',
    'max.addHandlers({ hello: () => max.outlet("ready", 1, process.version) });',
    'max.outlet("ready", 1, process.version);',
    "",
  ].join("\n"),
};
