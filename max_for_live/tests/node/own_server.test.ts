import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { isAlive } from "../../node/shared_state_folder.ts";
import { Server, until, within } from "../server.ts";
import { device, type NodeHalfOptions } from "./node_half.ts";
import { otherProgram, SilentPort } from "./silent_port.ts";
import { folder, program, quick, script, started } from "./tracked_programs.ts";

/** Return a Node half that starts servers with one generator. */
const own = (options: NodeHalfOptions = {}) =>
  device({ ...options, env: { MAGENTA_BRIDGE_PROGRAM: quick, ...options.env } });
/** Return a device whose server runs. */
async function connectedDevice(options: NodeHalfOptions = {}) {
  const half = await own(options);
  await half.connect();
  return half;
}
const ended = (pid: number) => until(`process ${pid} ends`, () => !isAlive(pid));

describe("with a server of the device", { timeout: 300_000 }, () => {
  test("the device starts it, reports its progress, and stops it", async () => {
    const half = await own();
    half.send("connect", "auto");
    await half.message(["state", "starting", "-", "-", "Starting the server."]);
    const connected = await half.message(["state", "connected"]);
    assert.match(String(connected[2]), /^127\.0\.0\.1:\d+$/);
    assert.match(String(connected[3]), /^http:\/\/127\.0\.0\.1:\d+$/);
    const { values } = await half.whole(half.call("ListGenerators", {}));
    assert.ok((values[0] as unknown[]).length > 0);
    const { pid } = half.server;
    assert.ok(isAlive(pid));
    half.send("closing");
    await ended(pid);
    assert.ok(!existsSync(join(half.run, "server.json")));
  });

  test("it starts even if the shared folder was deleted", async () => {
    const half = await own();
    rmSync(half.run, { recursive: true });
    await half.connect();
    assert.ok(isAlive(half.server.pid));
  });

  test("it restarts after a crash", async () => {
    const half = await connectedDevice();
    const first = half.server;
    const seen = half.outlet.length;
    process.kill(first.pid, "SIGKILL");
    await half.message(["state", "connected"], seen);
    const second = half.server;
    assert.notEqual(second.pid, first.pid);
    const { last } = await half.whole(half.call("ListGenerators", {}));
    assert.equal(last[0], "done");
    await half.stop();
    await ended(second.pid);
  });

  test("a second device uses it after the first is gone; the last one stops it", async () => {
    const run = join(folder, "shared");
    const [first, second] = await Promise.all([own({ run }), own({ run })]);
    for (const half of [first, second]) half.send("connect", "auto");
    const [one, other] = await Promise.all(
      [first, second].map((half) => half.message(["state", "connected"])),
    );
    assert.equal(one?.[2], other?.[2]);
    const { pid } = first.server;
    await first.stop();
    assert.ok(isAlive(pid));
    const { last } = await second.whole(second.call("ListGenerators", {}));
    assert.equal(last[0], "done");
    await second.stop();
    await ended(pid);
  });

  test("a server that another device has just started is used", async () => {
    const [usual, server] = await Promise.all([SilentPort.open(), Server.start()]);
    const before = started().length;
    const half = await own({ env: { MAGENTA_BRIDGE_PORT: String(usual.port) } });
    half.send("connect", "auto");
    await within("a request", usual.connected);
    const shared = { grpc: server.grpc, http: server.http, pid: server.pid, users: "theirs" };
    writeFileSync(join(half.run, "server.json"), JSON.stringify(shared));
    const connected = await half.message(["state", "connected"]);
    assert.equal(connected[2], server.grpc);
    assert.equal(started().length, before);
    await half.stop();
    await within("the server ends", server.ended);
    usual.close();
  });

  test("it takes another port if another program has the default one", async () => {
    const other = await otherProgram();
    const half = await own({ env: { MAGENTA_BRIDGE_PORT: other.address.split(":")[1] ?? "" } });
    const connected = await half.connect();
    assert.notEqual(connected[2], other.address);
    assert.equal(connected[2], half.server.grpc);
    other.close();
  });

  test("it starts once, even if Reconnect is pressed in the meantime", async () => {
    const before = started().length;
    const half = await own();
    half.send("connect", "auto");
    await half.message(["state", "starting", "-", "-", "Starting the server."]);
    half.send("connect", "auto");
    await half.connect();
    assert.equal(started().length, before + 1);
  });

  test("two devices with a server each stop their own servers", async () => {
    const run = join(folder, "two");
    const first = await connectedDevice({ run });
    const one = first.server;
    rmSync(join(run, "server.json"));
    const second = await connectedDevice({ run });
    const other = second.server;
    assert.notEqual(other.pid, one.pid);
    await first.stop();
    await ended(one.pid);
    assert.ok(isAlive(other.pid));
    await second.stop();
    await ended(other.pid);
  });

  test("a device that connects to another server stops its own", async () => {
    const server = await Server.start();
    const half = await connectedDevice();
    const { pid } = half.server;
    assert.equal((await half.connect(server.grpc))[2], server.grpc);
    await ended(pid);
    await half.stop();
    await server.kill();
  });

  test("it exits after its device was killed", async () => {
    const half = await connectedDevice({ env: { MAGENTA_BRIDGE_IDLE_TIMEOUT: "1" } });
    const { pid } = half.server;
    await half.stop("SIGKILL");
    await ended(pid);
  });

  test("it exits after its device was killed before it was ready", async () => {
    const before = started().length;
    const half = await own({ env: { MAGENTA_BRIDGE_IDLE_TIMEOUT: "1" } });
    half.send("connect", "auto");
    await until("a server starts", () => started().length > before);
    await half.stop("SIGKILL");
    const [pid = 0] = started().slice(before);
    await ended(pid);
  });

  test("a device touches its file periodically", async () => {
    const half = await connectedDevice();
    const file = join(half.run, "users", half.server.users, String(half.pid));
    for (let touches = 0, time = 0; touches < 3; touches += 1) {
      await until("the file is touched", () => statSync(file).mtimeMs !== time);
      time = statSync(file).mtimeMs;
    }
  });

  test("the next device uses and stops the server of a killed device", async () => {
    const run = join(folder, "orphan");
    const first = await connectedDevice({ run });
    const { pid } = first.server;
    await first.stop("SIGKILL");
    assert.ok(isAlive(pid));
    const next = await connectedDevice({ run });
    assert.equal(next.server.pid, pid);
    await next.stop();
    await ended(pid);
  });

  test("the program at the user's path is used, also in Max's notation", async () => {
    const half = await own({ env: { MAGENTA_BRIDGE_PROGRAM: "/nowhere", PATH: "/nowhere" } });
    const path = program("with spaces");
    half.send("program", `Macintosh HD:${path}`);
    await half.connect();
  });
});

describe("without a working program", { timeout: 60_000 }, () => {
  test("the device shows how to install it", async () => {
    const nowhere = join(folder, "empty");
    const env = { MAGENTA_BRIDGE_PROGRAM: join(nowhere, "none"), PATH: nowhere, HOME: nowhere };
    const half = await own({ env });
    half.send("connect", "auto");
    const state = await half.message(["state", "no server"]);
    assert.match(String(state[4]), /pip install magenta-bridge$/);
  });

  test("the device names a chosen program that does not exist", async () => {
    const half = await own();
    half.send("program", "/nowhere/magenta-bridge");
    half.send("connect", "auto");
    const state = await half.message(["state", "no server"]);
    assert.match(String(state[4]), /^\/nowhere\/magenta-bridge does not exist/);
  });

  test("the device stops after five attempts, with the program's last output", async () => {
    const broken = script("broken", 'echo "Error: the models are missing." >&2; exit 1');
    const half = await own({ env: { MAGENTA_BRIDGE_PROGRAM: broken } });
    half.send("connect", "auto");
    const state = await half.message(["state", "error"]);
    assert.match(String(state[4]), /stopped 5 times: the models are missing\. Press Reconnect\./);
    const seen = half.outlet.length;
    half.send("connect", "auto");
    await half.message(["state", "starting"], seen);
  });
});

test("the report is written to its path, and an error has the reason", async () => {
  const half = await own();
  const path = join(folder, "reports", "self_test.json");
  half.dicts.open("report");
  half.dicts.write("report", { "#": "value", value: "fine" });
  half.send("report", 1, path, "report");
  await half.message(["done", 1]);
  assert.equal(JSON.parse(readFileSync(path, "utf8")), "fine");
  half.send("report", 2, join(path, "below", "a file"), "report");
  assert.match(String((await half.message(["failed", 2]))[5]), /self_test\.json/);
});
