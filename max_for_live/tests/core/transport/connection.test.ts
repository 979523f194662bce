import assert from "node:assert/strict";
import { test } from "node:test";

import type { HttpRequest } from "../../../core/host/ports.ts";
import { TEXTS } from "../../../core/transport/connection.ts";
import { NOT_CONNECTED } from "../../../core/transport/transport.ts";
import { DeviceFixture, DRUMS } from "../device_fixture.ts";

/** An HTTP server that responds, refuses connections, or does not respond. */
class Http {
  answers: "well" | "nothing" | "refuses" = "well";
  readonly calls: string[] = [];
  readonly bodies: string[] = [];
  aborted = 0;
  /** Status and body of the next response to Generate. */
  next: [number, object] = [200, { sequences: [{ notes: [], totalTime: 8 }], seed: "16384" }];

  readonly newRequest = (): HttpRequest => {
    const http = this;
    let url = "";
    return {
      readyState: 0,
      status: 0,
      responseText: "",
      onreadystatechange: null,
      open(_method, address) {
        url = address;
      },
      setRequestHeader() {},
      send(body) {
        http.calls.push(url.replace("http://127.0.0.1:50052", ""));
        http.bodies.push(body ?? "");
        if (http.answers === "nothing") return;
        const [status, answer] = http.answerTo(url);
        Object.assign(this, { readyState: 4, status, responseText: JSON.stringify(answer) });
        this.onreadystatechange?.();
      },
      abort() {
        http.aborted += 1;
      },
    };
  };

  private answerTo(url: string): [number, object] {
    if (this.answers === "refuses") return [0, {}];
    if (url.endsWith("/healthz")) return [200, { SERVING: "magenta_bridge.v1" }];
    if (url.endsWith("/ListGenerators")) return [200, { generators: [DRUMS] }];
    return this.next;
  }
}

function stageWith(http: Http | null): DeviceFixture {
  return new DeviceFixture([DRUMS], http?.newRequest ?? null);
}

/** Return a device that uses HTTP, because Node does not start. */
function overHttp(http: Http): DeviceFixture {
  const fixture = stageWith(http);
  fixture.device.ready();
  fixture.clock.pass(8);
  return fixture;
}

test("the device starts, connects, and shows the address", () => {
  const fixture = stageWith(null);
  fixture.device.ready();
  assert.equal(fixture.view.state, "starting");
  fixture.device.node("ready", 1, "v20");
  assert.deepEqual(fixture.sent.slice(-2), [
    ["program", "-"],
    ["connect", "auto"],
  ]);
  fixture.device.node("state", "starting", "-", "-", "Starting the server.");
  assert.equal(fixture.view.status, "Starting the server.");
  fixture.device.node("state", "connected", "127.0.0.1:7", "http://127.0.0.1:8", "Connected.");
  fixture.list();
  assert.deepEqual(
    [fixture.view.state, fixture.view.status, fixture.view.path],
    ["connected", "1 generator at 127.0.0.1:7", "gRPC"],
  );
  assert.deepEqual(fixture.host.at, ["127.0.0.1:7", "http://127.0.0.1:8"]);
});

test("the status line shows how to install a missing program", () => {
  const fixture = stageWith(null);
  fixture.device.ready();
  fixture.device.node("ready", 1, "v20");
  const status = "Magenta Bridge is not installed. Run in a terminal: pip install magenta-bridge";
  fixture.device.node("state", "no server", "-", "-", status);
  assert.deepEqual([fixture.view.state, fixture.view.status], ["no server", status]);
  fixture.device.control("go");
  assert.equal(fixture.view.status, NOT_CONNECTED);
});

test("the device uses HTTP while Node is missing, and gRPC when it starts", () => {
  const http = new Http();
  const fixture = stageWith(http);
  fixture.device.ready();
  fixture.clock.pass(5);
  assert.equal(fixture.view.path, "");
  fixture.clock.pass(2);
  assert.deepEqual([fixture.view.state, fixture.view.path], ["connected", "HTTP"]);
  assert.equal(fixture.view.status, "1 generator at 127.0.0.1:50052 over HTTP");
  fixture.device.control("go");
  assert.equal(fixture.live.written.length, 1);
  fixture.device.node("ready", 1, "v20");
  fixture.device.node("state", "connected", "127.0.0.1:50051", "http://127.0.0.1:50052", "-");
  fixture.list();
  assert.equal(fixture.view.path, "gRPC");
  const calls = http.calls.length;
  fixture.clock.pass(15);
  assert.equal(http.calls.length, calls, "no HTTP requests while Node runs");
});

test("a missing Node is restarted with increasing delays, and then left alone", () => {
  const fixture = stageWith(new Http());
  fixture.device.ready();
  const started: number[] = [];
  for (let second = 0; second < 600; second += 1) {
    const seen = fixture.sent.length;
    fixture.clock.pass(1);
    const fresh = fixture.sent.slice(seen);
    if (fresh.some(([word, what]) => word === "script" && what === "start")) started.push(second);
  }
  assert.equal(started.length, 5);
  const pauses = started.slice(1).map((second, index) => second - (started[index] as number));
  assert.deepEqual(
    [...pauses].sort((a, b) => a - b),
    pauses,
  );
  fixture.device.control("reconnect");
  fixture.clock.pass(10);
  assert.ok(fixture.sent.slice(-10).some(([word]) => word === "hello"));
});

test("a Node without heartbeat fails all calls, and HTTP takes over", () => {
  const fixture = stageWith(new Http()).connect();
  fixture.device.control("go");
  fixture.clock.pass(45);
  assert.match(fixture.view.statuses.join("; "), /Node for Max stopped during generation/);
  assert.equal(fixture.view.texts.get("progress"), "Stopped: 0 of 1 generated.");
  assert.equal(fixture.view.path, "HTTP");
  assert.ok(fixture.sent.some(([word, what]) => word === "script" && what === "start"));
});

test("the end of Node is detected immediately", () => {
  const fixture = stageWith(new Http()).connect();
  fixture.device.nodeStatus("terminated");
  assert.equal(fixture.view.path, "HTTP");
});

test("without Node and server, the status line shows what to do, and the search continues", () => {
  const http = new Http();
  http.answers = "refuses";
  const fixture = stageWith(http);
  fixture.device.ready();
  fixture.clock.pass(10);
  assert.equal(fixture.view.state, "no server");
  assert.equal(fixture.view.status, `Node for Max does not start. ${TEXTS.noServer}`);
  http.answers = "well";
  fixture.clock.pass(10);
  assert.equal(fixture.view.state, "connected");
});

test("an HTTP server that does not respond is dropped", () => {
  const http = new Http();
  const fixture = overHttp(http);
  assert.equal(fixture.view.state, "connected");
  http.answers = "nothing";
  fixture.clock.pass(10);
  assert.equal(fixture.view.state, "no server");
  assert.ok(http.aborted > 0);
});

test("over HTTP one failed health check is ignored, and a second ends the generation", () => {
  const http = new Http();
  const fixture = overHttp(http);
  http.answers = "nothing";
  fixture.device.control("go");
  assert.equal(fixture.view.state, "busy");
  const looks = (): number => http.calls.filter((path) => path === "/healthz").length;
  const before = looks();
  while (looks() === before) fixture.clock.pass(0.25);
  http.answers = "well";
  fixture.clock.pass(10);
  assert.equal(fixture.view.state, "busy");
  http.answers = "nothing";
  const scheduler = looks();
  while (looks() < scheduler + 3) fixture.clock.pass(0.25);
  assert.equal(fixture.view.state, "no server");
  assert.equal(fixture.view.texts.get("progress"), "Stopped: 0 of 1 generated.");
});

test("over HTTP each variation is a call with its own seed, and Cancel stops the rest", () => {
  const http = new Http();
  const fixture = overHttp(http);
  fixture.device.control("variations", 3);
  fixture.device.control("new_seed", 0);
  fixture.device.control("seed", 16384);
  const seen = http.bodies.length;
  fixture.device.control("go");
  const requests = http.bodies.slice(seen).map((body) => JSON.parse(body));
  assert.deepEqual(
    requests.map(({ variations }) => variations),
    [1, 1, 1],
  );
  assert.equal(requests[1].seed, "16385");
  assert.equal(fixture.view.texts.get("candidate"), "1 of 3");
  http.answers = "nothing";
  fixture.device.control("go");
  const calls = http.calls.length;
  fixture.device.control("cancel");
  http.answers = "well";
  assert.equal(http.calls.length, calls);
  assert.match(fixture.view.texts.get("progress") ?? "", /Canceled: 0 of 3/);
});

test("an HTTP error is shown with the time of a retry", () => {
  const http = new Http();
  http.next = [
    429,
    {
      code: "resource_exhausted",
      message: "Too much to do.",
      details: [
        { type: "google.rpc.ErrorInfo", debug: { reason: "OVERLOADED" } },
        { type: "google.rpc.RetryInfo", debug: { retryDelay: "2.5s" } },
      ],
    },
  ];
  const fixture = overHttp(http);
  fixture.device.control("go");
  assert.equal(fixture.view.status, "Too much to do. Try again in 3 seconds.");
});

test("halves of different versions do not connect", () => {
  const fixture = stageWith(null);
  fixture.device.ready();
  fixture.device.node("ready", 2, "v20");
  assert.deepEqual([fixture.view.state, fixture.view.status], ["error", TEXTS.otherVersion]);
});

test("the list is read again when Node has found another server", () => {
  const fixture = stageWith(null).connect();
  fixture.device.node("state", "starting", "-", "-", "The server stopped and is restarting.");
  fixture.device.node("state", "connected", "127.0.0.1:9", "-", "Connected.");
  fixture.generators.push({ ...DRUMS, id: "more" });
  fixture.list();
  assert.deepEqual(fixture.view.menus.get("generator"), ["drums", "more"]);
});

test("the chosen program is stored and sent to Node", () => {
  const fixture = stageWith(null).connect();
  fixture.device.control("program");
  assert.equal(fixture.host.calls, 1);
  fixture.device.picked("/Users/me/my tools/magenta-bridge");
  assert.equal(fixture.view.values.get("program_path"), "/Users/me/my tools/magenta-bridge");
  assert.deepEqual(fixture.sent.at(-1), ["program", "/Users/me/my tools/magenta-bridge"]);
});

test("the self-test writes a report, with Node or without", () => {
  const fixture = stageWith(new Http()).connect();
  fixture.device.control("self_test");
  fixture.list();
  const report = fixture.sent.at(-1);
  assert.equal(report?.[0], "report");
  fixture.device.node("done", Number(report?.[1]));
  assert.equal(
    fixture.view.texts.get("progress"),
    "Self-test passed. Report: /reports/self_test.json",
  );

  const alone = overHttp(new Http());
  alone.device.control("self_test");
  const found = JSON.parse(alone.host.reports[0] ?? "{}");
  assert.equal(found.http.ok, true);
  assert.equal(found.grpc.ok, false);
  assert.equal(found.notes.ok, true);
  assert.equal(found.dictionaries.ok, true);
  assert.match(alone.view.texts.get("progress") ?? "", /found problems with grpc/);
});
