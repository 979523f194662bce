/** No server, no program, no Node, an old Live: the device works, or shows why it does not. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../node/shared_state_folder.ts";
import type { SimClip } from "../../sim/live_clip.ts";
import { World } from "../../sim/objects/device.ts";
import type { OpenDevice } from "../../sim/objects/open_device.ts";
import { clipsOf, type Servers, Simulation } from "../../sim/simulation.ts";
import { program } from "../node/tracked_programs.ts";
import { Server } from "../server.ts";

async function whole(
  servers: Servers,
  act: (simulation: Simulation) => Promise<void>,
  world?: World,
) {
  const simulation = new Simulation(servers, world);
  try {
    await act(simulation);
  } finally {
    await simulation.close();
  }
  assert.deepEqual(simulation.world.complaints, []);
}

/** Press Generate, and wait for the first clip of one bar. */
async function firstClip(simulation: Simulation, { device }: OpenDevice): Promise<SimClip> {
  const [track] = simulation.world.set.tracks;
  assert.ok(track);
  device.turn("bars", 1);
  device.click("go");
  await simulation.until("a clip", () => clipsOf(track)[0] !== null);
  return clipsOf(track)[0] as SimClip;
}

const serverOf = (folder: string): number =>
  JSON.parse(readFileSync(join(folder, "run", "server.json"), "utf8")).pid;

/** The program with all its bundles. */
const full = program("magenta-bridge");

test("without a server, the first device starts one, the second uses it, the last stops it", () =>
  whole({ program: full }, async (simulation) => {
    const first = simulation.drag(simulation.track());
    await simulation.status(first, /Starting the server/);
    const second = simulation.drag(simulation.track("Bass"));
    await simulation.status(first, /generators? at/);
    await simulation.status(second, /generators? at/);
    const pid = serverOf(simulation.folder);
    await firstClip(simulation, first);
    await simulation.remove(first);
    assert.ok(isAlive(pid), "the other device still uses it");
    await simulation.remove(second);
    await simulation.until("the server ends", () => !isAlive(pid));
  }));

test("without the program, the status shows how to install it, and Program finds it", () =>
  whole({}, async (simulation) => {
    const opened = simulation.drag(simulation.track());
    const { device } = opened;
    await simulation.status(opened, /pip install magenta-bridge/);
    device.click("program");
    device.answerDialog(null);
    device.click("program");
    device.answerDialog(join(simulation.folder, "nothing"));
    await simulation.status(opened, /nothing does not exist/);
    device.click("program");
    device.answerDialog(full);
    await simulation.status(opened, /generators? at/);
    const kept = device.save();
    assert.deepEqual(kept["Program Path"], [full]);
    device.click("self_test");
    await simulation.until("the report", () => /report|json/i.test(device.text("progress")));
  }));

test("without Node, the device works over HTTP", async () => {
  const server = await Server.start();
  await whole({ http: server.http }, async (simulation) => {
    const opened = simulation.drag(simulation.track());
    simulation.speed = 10;
    await simulation.status(opened, /over HTTP/);
    assert.equal(opened.device.text("path"), "HTTP");
    simulation.speed = 1;
    const clip = await firstClip(simulation, opened);
    assert.ok(clip.notes.length > 0);
  });
  await server.kill();
});

test("when Node starts late, the device switches from HTTP to gRPC", async () => {
  const server = await Server.start();
  await whole({ grpc: server.grpc, http: server.http, node: false }, async (simulation) => {
    const opened = simulation.drag(simulation.track());
    simulation.speed = 10;
    await simulation.status(opened, /over HTTP/);
    simulation.world.node = process.execPath;
    opened.device.click("reconnect");
    await simulation.until("gRPC", () => opened.device.text("path") === "gRPC");
    simulation.speed = 1;
    await firstClip(simulation, opened);
  });
  await server.kill();
});

test("after a crash of the server during generation, the device works again", async () => {
  const first = await Server.start();
  const port = first.grpc.split(":")[1] ?? "";
  let second: Server | null = null;
  await whole({ grpc: first.grpc }, async (simulation) => {
    const opened = simulation.drag(simulation.track());
    const { device } = opened;
    await simulation.status(opened, /generators? at/);
    device.turn("bars", 64);
    device.turn("variations", 8);
    device.click("go");
    await simulation.until("progress", () => /bar [2-9]/.test(device.text("progress")));
    await first.kill("SIGKILL");
    await simulation.until("the loss", () => !device.control("cancel").active);
    assert.match(device.text("status"), /server|gone|answer/i);
    second = await Server.start("--port", port);
    // The error stays on the status line until the next command.
    device.click("reconnect");
    await simulation.status(opened, /generators? at/);
    device.turn("variations", 1);
    await firstClip(simulation, opened);
  });
  await (second as Server | null)?.kill();
});

test("an old Live gets a message", () => {
  const world = new World();
  world.set.app.version = [12, 1, 5];
  return whole(
    {},
    async (simulation) => {
      const opened = simulation.drag(simulation.track());
      await simulation.status(opened, /requires Live 12\.2/);
      opened.device.click("reconnect");
      assert.match(opened.device.text("status"), /requires Live 12\.2/);
    },
    world,
  );
});

test("a removed device leaves no process and no file", async () => {
  const server = await Server.start();
  const simulation = new Simulation({ grpc: server.grpc });
  const opened = simulation.drag(simulation.track());
  await simulation.status(opened, /generators? at/);
  const pid = opened.node?.pid ?? 0;
  assert.ok(isAlive(pid));
  await simulation.remove(opened);
  assert.ok(!isAlive(pid));
  await simulation.close();
  assert.ok(!existsSync(simulation.folder));
  await server.kill();
});
