/** No server, no program, no Node, an old Live: the device works, or shows why it does not. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../node/shared_state_folder.ts";
import { World } from "../../sim/objects/device.ts";
import { Simulation } from "../../sim/simulation.ts";
import { program } from "../node/tracked_programs.ts";
import { Server } from "../server.ts";
import { firstClip, simulate } from "./simulate.ts";

const serverOf = (folder: string): number =>
  JSON.parse(readFileSync(join(folder, "run", "server.json"), "utf8")).pid;

/** The program with all its bundles. */
const full = program("magenta-bridge");

test("without a server, the first device starts one, the second uses it, the last stops it", () =>
  simulate({ program: full }, async (sim) => {
    const first = sim.drag(sim.track());
    await sim.status(first, /Starting the server/);
    const second = sim.drag(sim.track("Bass"));
    await sim.status(first, /generators? at/);
    await sim.status(second, /generators? at/);
    const pid = serverOf(sim.folder);
    await firstClip(sim, first);
    await sim.remove(first);
    assert.ok(isAlive(pid), "the other device still uses it");
    await sim.remove(second);
    await sim.until("the server ends", () => !isAlive(pid));
  }));

test("without the program, the status shows how to install it, and Program finds it", () =>
  simulate({}, async (sim) => {
    const opened = sim.drag(sim.track());
    const { device } = opened;
    await sim.status(opened, /pip install magenta-bridge/);
    device.click("program");
    device.answerDialog(null);
    device.click("program");
    device.answerDialog(join(sim.folder, "nothing"));
    await sim.status(opened, /nothing does not exist/);
    device.click("program");
    device.answerDialog(full);
    await sim.status(opened, /generators? at/);
    const kept = device.save();
    assert.deepEqual(kept["Program Path"], [full]);
    device.click("self_test");
    await sim.until("the report", () => /report|json/i.test(device.text("progress")));
  }));

test("without Node, the device works over HTTP", async () => {
  const server = await Server.start();
  await simulate({ http: server.http }, async (sim) => {
    const opened = sim.drag(sim.track());
    sim.speed = 10;
    await sim.status(opened, /over HTTP/);
    assert.equal(opened.device.text("path"), "HTTP");
    sim.speed = 1;
    const clip = await firstClip(sim, opened);
    assert.ok(clip && clip.notes.length > 0);
  });
  await server.kill();
});

test("when Node starts late, the device switches from HTTP to gRPC", async () => {
  const server = await Server.start();
  await simulate({ grpc: server.grpc, http: server.http, node: false }, async (sim) => {
    const opened = sim.drag(sim.track());
    sim.speed = 10;
    await sim.status(opened, /over HTTP/);
    sim.world.node = process.execPath;
    opened.device.click("reconnect");
    await sim.until("gRPC", () => opened.device.text("path") === "gRPC");
    sim.speed = 1;
    await firstClip(sim, opened);
  });
  await server.kill();
});

test("after a crash of the server during generation, the device works again", async () => {
  const first = await Server.start();
  const port = first.grpc.split(":")[1] ?? "";
  let second: Server | null = null;
  await simulate({ grpc: first.grpc }, async (sim) => {
    const opened = sim.drag(sim.track());
    const { device } = opened;
    await sim.status(opened, /generators? at/);
    device.turn("bars", 64);
    device.turn("variations", 8);
    device.click("go");
    await sim.until("progress", () => /bar [2-9]/.test(device.text("progress")));
    await first.kill("SIGKILL");
    await sim.until("the loss", () => !device.control("cancel").active);
    assert.match(device.text("status"), /server|gone|answer/i);
    second = await Server.start("--port", port);
    // The error stays on the status line until the next command.
    device.click("reconnect");
    await sim.status(opened, /generators? at/);
    device.turn("variations", 1);
    await firstClip(sim, opened);
  });
  await (second as Server | null)?.kill();
});

test("an old Live gets a message", () => {
  const world = new World();
  world.set.app.version = [12, 1, 5];
  return simulate(
    {},
    async (sim) => {
      const opened = sim.drag(sim.track());
      await sim.status(opened, /requires Live 12\.2/);
      opened.device.click("reconnect");
      assert.match(opened.device.text("status"), /requires Live 12\.2/);
    },
    world,
  );
});

test("a removed device leaves no process and no file", async () => {
  const server = await Server.start();
  const sim = new Simulation({ grpc: server.grpc });
  const opened = sim.drag(sim.track());
  await sim.status(opened, /generators? at/);
  const pid = opened.node?.pid ?? 0;
  assert.ok(isAlive(pid));
  await sim.remove(opened);
  assert.ok(!isAlive(pid));
  await sim.close();
  assert.ok(!existsSync(sim.folder));
  await server.kill();
});
