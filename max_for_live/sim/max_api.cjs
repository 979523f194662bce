// Result of `require("max-api")` in tests: Max is at the other end of a pipe.

const handlers = new Map();
const waiting = new Map();
let count = 0;

function request(kind, ...words) {
  count += 1;
  const id = count;
  return new Promise((done, failed) => {
    waiting.set(id, { done, failed });
    if (process.connected) process.send({ kind, id, words });
    else failed(new Error("Max has quit."));
  });
}

function take({ id, value, problem }) {
  const { done, failed } = waiting.get(id);
  waiting.delete(id);
  if (problem === undefined) done(value);
  else failed(new Error(problem));
}

process.on("message", (message) => {
  if (message.kind === "answer") {
    take(message);
    return;
  }
  const known = handlers.get(message.selector) ?? [];
  if (known.length === 0) process.send({ kind: "unknown", words: [message.selector] });
  for (const handler of known) handler(...message.words);
});

function addHandler(selector, handler) {
  handlers.set(selector, [...(handlers.get(selector) ?? []), handler]);
}

module.exports = {
  addHandler,
  outlet: (...words) => request("outlet", ...words),
  post: (...words) => request("post", ...words),
  getDict: (name) => request("getDict", name),
  setDict: (name, content) => request("setDict", name, content),
};
