/** A server that hangs during generation: it accepts connections and does not respond. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../node/shared_state_folder.ts";
import type { OpenDevice } from "../../sim/objects/open_device.ts";
import { clipsOf, type Servers, Simulation } from "../../sim/simulation.ts";
import { quick } from "../node/tracked_programs.ts";
import { Server } from "../server.ts";

async function whole(
  servers: Servers,
  act: (simulation: Simulation, opened: OpenDevice) => Promise<void>,
) {
  const simulation = new Simulation(servers);
  try {
    await act(simulation, simulation.drag(simulation.track()));
  } finally {
    await simulation.close();
  }
  assert.deepEqual(simulation.world.complaints, []);
}

/** Request more than a minute of generation. */
function ask({ device }: OpenDevice): void {
  device.turn("bars", 64);
  device.turn("variations", 8);
  device.click("go");
}

/** Start that, and wait for the first bars. */
async function begin(simulation: Simulation, opened: OpenDevice): Promise<void> {
  ask(opened);
  await simulation.until("progress", () => /bar [2-9]/.test(opened.device.text("progress")));
}

/** Wait until the loss of the server is detected and generation has stopped. */
async function loss(simulation: Simulation, { device }: OpenDevice): Promise<void> {
  await simulation.until("the loss", () => !device.control("cancel").active, 40);
  assert.match(device.text("progress"), /Stopped; \d of 8 written/);
  await simulation.until("no way", () => !/gRPC|HTTP/.test(device.text("path")));
  assert.match(device.text("status"), /stopped during generation|No server/);
}

async function oneClip(simulation: Simulation, { device }: OpenDevice): Promise<void> {
  device.turn("bars", 1);
  device.turn("variations", 1);
  device.click("go");
  const [track] = simulation.world.set.tracks;
  await simulation.until("a clip", () => track !== undefined && clipsOf(track).some(Boolean));
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
  simulation: Simulation,
  opened: OpenDevice,
  server: Server,
  found: RegExp,
): Promise<void> {
  server.send("SIGCONT");
  opened.device.click("reconnect");
  await simulation.status(opened, found);
  await oneClip(simulation, opened);
}

/** Stop the server during generation over gRPC, run code, and resume it. */
function hungAtWork(
  act: (simulation: Simulation, opened: OpenDevice) => Promise<void>,
): Promise<void> {
  return serving((server) =>
    whole({ grpc: server.grpc }, async (simulation, opened) => {
      await simulation.status(opened, /generators? at/);
      await begin(simulation, opened);
      server.send("SIGSTOP");
      await act(simulation, opened);
      await recover(simulation, opened, server, /generators? at/);
    }),
  );
}

test("a hung server is reported, generation stops, and the next press works", () =>
  hungAtWork(async (simulation, opened) => {
    await loss(simulation, opened);
    const { device } = opened;
    device.click("go");
    assert.match(device.text("status"), /[Ss]erver/);
    assert.equal(device.control("cancel").active, false, "no generation without a server");
  }));

test("Cancel and Generate work before a hung server is detected", () =>
  hungAtWork(async (simulation, opened) => {
    const { device } = opened;
    device.click("cancel");
    assert.match(device.text("progress"), /Canceled/);
    assert.equal(device.control("cancel").active, false);
    device.click("go");
    assert.equal(device.control("cancel").active, true);
    await loss(simulation, opened);
  }));

test("a hung server of the device is killed, and another is started", () =>
  whole({ program: quick }, async (simulation, opened) => {
    const serverOf = (): number =>
      JSON.parse(readFileSync(join(simulation.folder, "run", "server.json"), "utf8")).pid;
    await simulation.status(opened, /generators? at/);
    const first = serverOf();
    await begin(simulation, opened);
    process.kill(first, "SIGSTOP");
    await loss(simulation, opened);
    opened.device.click("reconnect");
    await simulation.status(opened, /generators? at/);
    assert.notEqual(serverOf(), first);
    await simulation.until("the first server ends", () => !isAlive(first));
    await oneClip(simulation, opened);
  }));

test("a hung server is reported over HTTP, generation stops, and the next press works", () =>
  serving((server) =>
    whole({ http: server.http }, async (simulation, opened) => {
      simulation.speed = 10;
      await simulation.status(opened, /over HTTP/);
      simulation.speed = 1;
      ask(opened);
      server.send("SIGSTOP");
      simulation.speed = 10;
      await loss(simulation, opened);
      simulation.speed = 1;
      await recover(simulation, opened, server, /over HTTP/);
    }),
  ));
