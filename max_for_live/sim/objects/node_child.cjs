// What `require("max-api")` gives a script in the simulated node.script: Max at the other end of a pipe.

const handlers = new Map();
const waiting = new Map();
let calls = 0;

function ask(kind, ...words) {
  calls += 1;
  const id = calls;
  return new Promise((done, failed) => {
    waiting.set(id, { done, failed });
    if (process.connected) process.send({ kind, id, words });
    else failed(new Error("Max is gone."));
  });
}

process.on("message", ({ kind, id, value, problem, selector, words }) => {
  if (kind === "answer") {
    const { done, failed } = waiting.get(id);
    waiting.delete(id);
    if (problem === undefined) done(value);
    else failed(new Error(problem));
    return;
  }
  const known = handlers.get(selector) ?? [];
  if (known.length === 0) process.send({ kind: "unknown", words: [selector, ...words] });
  for (const handler of known) handler(...words);
});

function addHandler(selector, handler) {
  handlers.set(selector, [...(handlers.get(selector) ?? []), handler]);
}

module.exports = {
  MESSAGE_TYPES: { ALL: "all", BANG: "bang", DICT: "dict", NUMBER: "number", LIST: "list" },
  POST_LEVELS: { ERROR: "error", INFO: "info", WARN: "warn" },
  addHandler,
  addHandlers: (many) => {
    for (const [name, one] of Object.entries(many)) addHandler(name, one);
  },
  outlet: (...words) => ask("outlet", ...words),
  outletBang: () => ask("outlet", "bang"),
  post: (...words) => ask("post", ...words),
  getDict: (name) => ask("getDict", name),
  setDict: (name, content) => ask("setDict", name, content),
};
