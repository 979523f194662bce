import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Server, sharedServer } from "../server.ts";
import { device } from "./node_half.ts";
import { otherProgram, SilentPort } from "./silent_port.ts";

function endless(bars = 512) {
  return {
    generatorId: "lstm_melody",
    seed: "7",
    requestId: "cancel-me",
    options: { generateSections: [{ startTime: 0, endTime: bars * 2 }] },
  };
}

describe("with a server that runs already", { timeout: 60_000 }, () => {
  const server = sharedServer();

  test("a canceled call ends at the server, and its dictionaries are free", async () => {
    const half = await device();
    await half.connect(server.grpc);
    const id = half.call("StreamGenerate", endless());
    await half.message(["value", id]);
    half.send("more", id);
    half.send("cancel", id);
    assert.deepEqual((await half.message(["failed", id])).slice(2, 3), ["cancelled"]);
    await server.logged(/StreamGenerate.*"code": "CANCELLED".*cancel-me/);
    assert.equal(half.outlet.filter(([state, call]) => state === "done" && call === id).length, 0);
  });

  test("a reader that does not send `more` gets no more values, and blocks no other call", async () => {
    const half = await device();
    await half.connect(server.grpc);
    const slow = half.call("StreamGenerate", endless());
    await half.message(["value", slow]);
    const { last } = await half.whole(half.call("ListGenerators", {}));
    assert.equal(last[0], "done");
    assert.equal(half.outlet.filter(([state, id]) => state === "value" && id === slow).length, 1);
  });

  test("two devices work in parallel, and canceling one call does not affect the other", async () => {
    const [one, other] = [await device(), await device()];
    for (const half of [one, other]) await half.connect(server.grpc);
    const canceled = one.call("StreamGenerate", endless());
    const kept = other.whole(other.call("StreamGenerate", { ...endless(4), requestId: "kept" }));
    await one.message(["value", canceled]);
    one.send("cancel", canceled);
    const { values, last } = await kept;
    assert.equal(last[0], "done");
    assert.ok(values.length > 1);
  });

  test("its crash fails all calls, and it is found again after a restart", async () => {
    const mortal = await Server.start();
    const half = await device();
    await half.connect(mortal.grpc);
    const id = half.call("StreamGenerate", endless());
    await half.message(["value", id]);
    await mortal.kill("SIGKILL");
    half.send("more", id);
    const failed = await half.message(["failed", id]);
    assert.equal(failed[2], "unavailable");
    const seen = half.outlet.length;
    await half.message(["state", "no server"]);
    const port = mortal.grpc.split(":")[1] as string;
    const again = await Server.start("--port", port);
    await half.message(["state", "connected", mortal.grpc], seen);
    await again.kill();
  });

  test("a call without a server fails", async () => {
    const half = await device();
    half.send("connect", "127.0.0.1:9");
    const failed = await half.message(["failed", half.call("ListGenerators", {})]);
    assert.deepEqual(failed.slice(2, 5), ["unavailable", -1, "NO_SERVER"]);
  });
});

describe("with a server that does not respond", { timeout: 60_000 }, () => {
  test("the device reports it after a timeout", async () => {
    const silent = await SilentPort.open();
    const half = await device();
    const address = `127.0.0.1:${silent.port}`;
    half.send("connect", address);
    const state = await half.message(["state", "no server"]);
    assert.match(String(state[4]), new RegExp(`No server responds at ${address}`));
    silent.close();
  });
});

describe("with a server of another program", { timeout: 60_000 }, () => {
  test("the device does not connect, and says that it is another program", async () => {
    const { address, close } = await otherProgram();
    const half = await device();
    half.send("connect", address);
    const state = await half.message(["state", "no server"]);
    assert.match(String(state[4]), new RegExp(`${address} is not Magenta Bridge`));
    close();
  });
});
