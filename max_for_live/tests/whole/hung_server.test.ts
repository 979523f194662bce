/** A server that hangs during generation: it accepts connections and does not respond. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../node/shared_state_folder.ts";
import type { OpenDevice } from "../../sim/objects/open_device.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { quick } from "../node/tracked_programs.ts";
import { Server } from "../server.ts";
import { firstClip, simulate } from "./simulate.ts";

/** Request more than a minute of generation. */
function requestMuch({ device }: OpenDevice): void {
  device.turn("bars", 64);
  device.turn("variations", 8);
  device.click("go");
}

/** Start that, and wait for the first bars. */
async function start(sim: Simulation, opened: OpenDevice): Promise<void> {
  requestMuch(opened);
  await sim.until("progress", () => /bar [2-9]/.test(opened.device.text("progress")));
}

/** Wait until the loss of the server is detected and generation has stopped. */
async function serverLost(sim: Simulation, { device }: OpenDevice): Promise<void> {
  await sim.until("the loss of the server", () => !device.control("cancel").active, 40);
  assert.match(device.text("progress"), /Stopped: \d of 8 generated/);
  await sim.until("no transport", () => !/gRPC|HTTP/.test(device.text("path")));
  assert.match(device.text("status"), /stopped during generation|No server/);
}

/** Run code with a server, which is killed at the end even if it hangs. */
async function serving(act: (server: Server) => Promise<void>): Promise<void> {
  const server = await Server.start();
  try {
    await act(server);
  } finally {
    await server.kill("SIGKILL");
  }
}

/** Resume the server, reconnect, and generate a clip. */
async function recover(
  sim: Simulation,
  opened: OpenDevice,
  server: Server,
  found: RegExp,
): Promise<void> {
  server.send("SIGCONT");
  opened.device.click("reconnect");
  await sim.status(opened, found);
  await firstClip(sim, opened);
}

/** Stop the server during generation over gRPC, run code, and resume it. */
function hungAtWork(act: (sim: Simulation, opened: OpenDevice) => Promise<void>): Promise<void> {
  return serving((server) =>
    simulate({ grpc: server.grpc }, async (sim) => {
      const opened = sim.drag(sim.track());
      await sim.status(opened, /generators? at/);
      await start(sim, opened);
      server.send("SIGSTOP");
      await act(sim, opened);
      await recover(sim, opened, server, /generators? at/);
    }),
  );
}

test("a hung server is reported, generation stops, and the next press works", () =>
  hungAtWork(async (sim, opened) => {
    await serverLost(sim, opened);
    const { device } = opened;
    device.click("go");
    assert.match(device.text("status"), /[Ss]erver/);
    assert.equal(device.control("cancel").active, false, "no generation without a server");
  }));

test("Cancel and Generate work before a hung server is detected", () =>
  hungAtWork(async (sim, opened) => {
    const { device } = opened;
    device.click("cancel");
    assert.match(device.text("progress"), /Canceled/);
    assert.equal(device.control("cancel").active, false);
    device.click("go");
    assert.equal(device.control("cancel").active, true);
    await serverLost(sim, opened);
  }));

test("a hung server of the device is killed, and another is started", () =>
  simulate({ program: quick }, async (sim) => {
    const opened = sim.drag(sim.track());
    const serverOf = (): number =>
      JSON.parse(readFileSync(join(sim.folder, "run", "server.json"), "utf8")).pid;
    await sim.status(opened, /generators? at/);
    const first = serverOf();
    await start(sim, opened);
    process.kill(first, "SIGSTOP");
    await serverLost(sim, opened);
    opened.device.click("reconnect");
    await sim.status(opened, /generators? at/);
    assert.notEqual(serverOf(), first);
    await sim.until("the first server ends", () => !isAlive(first));
    await firstClip(sim, opened);
  }));

test("a hung server is reported over HTTP, generation stops, and the next press works", () =>
  serving((server) =>
    simulate({ http: server.http }, async (sim) => {
      const opened = sim.drag(sim.track());
      sim.speed = 10;
      await sim.status(opened, /over HTTP/);
      sim.speed = 1;
      requestMuch(opened);
      server.send("SIGSTOP");
      sim.speed = 10;
      await serverLost(sim, opened);
      sim.speed = 1;
      await recover(sim, opened, server, /over HTTP/);
    }),
  ));
