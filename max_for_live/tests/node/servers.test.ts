import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server as Listening, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";

import { isAlive } from "../../node/run_folder.ts";
import { builtBundle, NodeHalf, type NodeHalfOptions, PROGRAM } from "./node_half.ts";
import { Server } from "./server.ts";

let bundle: string;
let folder: string;
const halves: NodeHalf[] = [];

before(async () => {
  bundle = await builtBundle();
  folder = mkdtempSync(join(tmpdir(), "magenta-bridge-test-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const half of halves.splice(0)) {
    await half.stop();
    assert.deepEqual(half.complaints, []);
  }
});

async function device(options: Partial<NodeHalfOptions> = {}): Promise<NodeHalf> {
  const half = new NodeHalf({ bundle, ...options });
  halves.push(half);
  await half.heard(["ready", 1]);
  return half;
}

/** The server that a device has started tells its process in the folder that devices share. */
function serverOf(half: NodeHalf): { grpc: string; pid: number } {
  return JSON.parse(readFileSync(join(half.run, "server.json"), "utf8"));
}

/** Observes until it is so; the test's own limit ends it where that never comes. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 20));
}

function endless(bars = 512) {
  return {
    generatorId: "lstm_melody",
    seed: "7",
    requestId: "cancel-me",
    options: { generateSections: [{ startTime: 0, endTime: bars * 2 }] },
  };
}

describe("with a server that was started by hand", { timeout: 60_000 }, () => {
  test("a call that is canceled ends at the server, and its dictionaries are free", async () => {
    const server = await Server.start();
    const half = await device();
    half.send("connect", server.grpc);
    await half.heard(["state", "connected"]);
    const id = half.call("StreamGenerate", endless());
    await half.heard(["value", id]);
    half.send("more", id);
    half.send("cancel", id);
    assert.deepEqual((await half.heard(["failed", id])).slice(2, 3), ["cancelled"]);
    await server.saying(/StreamGenerate.*"code": "CANCELLED".*cancel-me/);
    assert.equal(half.outlet.filter(([said, call]) => said === "done" && call === id).length, 0);
    await server.kill();
  });

  test("a reader that says no `more` gets no more, and holds up nobody else", async () => {
    const server = await Server.start();
    const half = await device();
    half.send("connect", server.grpc);
    await half.heard(["state", "connected"]);
    const slow = half.call("StreamGenerate", endless());
    await half.heard(["value", slow]);
    const { last } = await half.whole(half.call("ListGenerators", {}));
    assert.equal(last[0], "done");
    assert.equal(half.outlet.filter(([said, id]) => said === "value" && id === slow).length, 1);
    await server.kill("SIGKILL");
  });

  test("its death fails what is under way, and it is found again when it is back", async () => {
    const server = await Server.start();
    const half = await device();
    half.send("connect", server.grpc);
    await half.heard(["state", "connected"]);
    const id = half.call("StreamGenerate", endless());
    await half.heard(["value", id]);
    await server.kill("SIGKILL");
    half.send("more", id);
    const failed = await half.heard(["failed", id]);
    assert.equal(failed[2], "unavailable");
    const seen = half.outlet.length;
    await half.heard(["state", "no server"]);
    const port = server.grpc.split(":")[1] as string;
    const again = await Server.start("--port", port);
    await half.heard(["state", "connected", server.grpc], seen);
    await again.kill();
  });

  test("two devices work at once, and one's cancel leaves the other's call alone", async () => {
    const server = await Server.start();
    const [one, other] = [await device(), await device()];
    for (const half of [one, other]) half.send("connect", server.grpc);
    for (const half of [one, other]) await half.heard(["state", "connected"]);
    const canceled = one.call("StreamGenerate", endless());
    const kept = other.whole(other.call("StreamGenerate", { ...endless(4), requestId: "kept" }));
    await one.heard(["value", canceled]);
    one.send("cancel", canceled);
    const { values, last } = await kept;
    assert.equal(last[0], "done");
    assert.ok(values.length > 1);
    await server.kill();
  });

  test("nothing that is asked before there is a server hangs", async () => {
    const half = await device();
    half.send("connect", "127.0.0.1:9");
    const failed = await half.heard(["failed", half.call("ListGenerators", {})]);
    assert.deepEqual(failed.slice(2, 5), ["unavailable", -1, "NO_SERVER"]);
  });
});

describe("with a server that accepts and says nothing", { timeout: 60_000 }, () => {
  let hung: Listening;
  const sockets = new Set<Socket>();

  before(async () => {
    hung = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.resume();
    });
    await new Promise<void>((done) => hung.listen(0, "127.0.0.1", done));
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    hung.close();
  });

  test("the device says so, and does not wait for ever", async () => {
    const half = await device();
    const address = `127.0.0.1:${(hung.address() as AddressInfo).port}`;
    half.send("connect", address);
    const said = await half.heard(["state", "no server"]);
    assert.match(String(said[4]), new RegExp(`No server answers at ${address}`));
  });
});

describe("with a server of its own", { timeout: 60_000 }, () => {
  test("the device starts it, says how far it is, and ends it", async () => {
    const half = await device();
    half.send("connect", "auto");
    await half.heard(["state", "starting", "-", "-", "Starting the server."]);
    const connected = await half.heard(["state", "connected"]);
    assert.match(String(connected[2]), /^127\.0\.0\.1:\d+$/);
    assert.match(String(connected[3]), /^http:\/\/127\.0\.0\.1:\d+$/);
    const { values } = await half.whole(half.call("ListGenerators", {}));
    assert.ok((values[0] as unknown[]).length > 0);
    const { pid } = serverOf(half);
    assert.ok(isAlive(pid));
    half.send("closing");
    await until(() => !isAlive(pid));
    assert.ok(!existsSync(join(half.run, "server.json")));
  });

  test("it is started again when it dies", async () => {
    const half = await device();
    half.send("connect", "auto");
    await half.heard(["state", "connected"]);
    const first = serverOf(half);
    const seen = half.outlet.length;
    process.kill(first.pid, "SIGKILL");
    await half.heard(["state", "connected"], seen);
    const second = serverOf(half);
    assert.notEqual(second.pid, first.pid);
    const { last } = await half.whole(half.call("ListGenerators", {}));
    assert.equal(last[0], "done");
    await half.stop();
    await until(() => !isAlive(second.pid));
  });

  test("a second device uses it, also after the first has gone; the last one ends it", async () => {
    const run = join(folder, "shared");
    const [first, second] = await Promise.all([device({ run }), device({ run })]);
    for (const half of [first, second]) half.send("connect", "auto");
    const [one, other] = await Promise.all(
      [first, second].map((half) => half.heard(["state", "connected"])),
    );
    assert.equal(one?.[2], other?.[2]);
    const { pid } = serverOf(first);
    await first.stop();
    assert.ok(isAlive(pid));
    const { last } = await second.whole(second.call("ListGenerators", {}));
    assert.equal(last[0], "done");
    await second.stop();
    await until(() => !isAlive(pid));
  });

  test("one whose device was killed is found and ended by the next device", async () => {
    const run = join(folder, "orphan");
    const first = await device({ run });
    first.send("connect", "auto");
    await first.heard(["state", "connected"]);
    const { pid } = serverOf(first);
    await first.stop("SIGKILL");
    assert.ok(isAlive(pid));
    const next = await device({ run });
    next.send("connect", "auto");
    await next.heard(["state", "connected"]);
    assert.equal(serverOf(next).pid, pid);
    await next.stop();
    await until(() => !isAlive(pid));
  });

  test("the program is used that the musician chose, with a path as Max writes it", async () => {
    const half = await device({ env: { MAGENTA_BRIDGE_PROGRAM: "/nowhere", PATH: "/nowhere" } });
    half.send("program", `Macintosh HD:${wrapped("with spaces")}`);
    half.send("connect", "auto");
    await half.heard(["state", "connected"]);
  });
});

describe("without a program that works", { timeout: 60_000 }, () => {
  test("the device shows the one line to type", async () => {
    const nowhere = join(folder, "empty");
    const env = { MAGENTA_BRIDGE_PROGRAM: join(nowhere, "none"), PATH: nowhere, HOME: nowhere };
    const half = await device({ env });
    half.send("connect", "auto");
    const said = await half.heard(["state", "no server"]);
    assert.match(String(said[4]), /type: pip install magenta-bridge$/);
  });

  test("the device names the program that was chosen and is not there", async () => {
    const half = await device();
    half.send("program", "/nowhere/magenta-bridge");
    half.send("connect", "auto");
    const said = await half.heard(["state", "no server"]);
    assert.match(String(said[4]), /There is no \/nowhere\/magenta-bridge/);
  });

  test("the device gives up after five starts, with the program's last words", async () => {
    const program = script("broken", 'echo "Error: the models are missing." >&2; exit 1');
    const half = await device({ env: { MAGENTA_BRIDGE_PROGRAM: program } });
    half.send("connect", "auto");
    const said = await half.heard(["state", "error"]);
    assert.match(String(said[4]), /ended 5 times: the models are missing\. Press Reconnect\./);
    const seen = half.outlet.length;
    half.send("connect", "auto");
    await half.heard(["state", "starting"], seen);
  });
});

test("the report is written where it shall be, and a failure says why", async () => {
  const half = await device();
  const path = join(folder, "reports", "self_test.json");
  half.dicts.open("report");
  half.dicts.write("report", { "#": "value", value: "fine" });
  half.send("report", 1, path, "report");
  await half.heard(["done", 1]);
  assert.equal(JSON.parse(readFileSync(path, "utf8")), "fine");
  half.send("report", 2, join(path, "below", "a file"), "report");
  assert.match(String((await half.heard(["failed", 2]))[5]), /self_test\.json/);
});

/** A program with its own way of being called, that runs the real one. */
function wrapped(name: string): string {
  return script(name, `exec "${PROGRAM}" "$@"`);
}

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}
