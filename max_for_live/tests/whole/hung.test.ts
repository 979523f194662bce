/** A server that goes on accepting and says nothing more, in the middle of the work. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../node/shared_state_folder.ts";
import type { Opened } from "../../sim/objects/open.ts";
import { clipsOf, type Servers, Stage } from "../../sim/stage.ts";
import { Server } from "../node/server.ts";
import { quick } from "../node/started.ts";

async function whole(servers: Servers, act: (stage: Stage, opened: Opened) => Promise<void>) {
  const stage = new Stage(servers);
  try {
    await act(stage, stage.drag(stage.track()));
  } finally {
    await stage.close();
  }
  assert.deepEqual(stage.world.complaints, []);
}

/** Presses Generate for more than is written in a minute. */
function ask({ device }: Opened): void {
  device.turn("bars", 64);
  device.turn("variations", 8);
  device.click("go");
}

/** Asks for that, and waits until some is there. */
async function begin(stage: Stage, opened: Opened): Promise<void> {
  ask(opened);
  await stage.until("progress", () => /bar [2-9]/.test(opened.device.text("progress")));
}

/** Waits until it is missed, and what was being written with it. */
async function loss(stage: Stage, { device }: Opened): Promise<void> {
  await stage.until("the loss", () => !device.control("cancel").active, 40);
  assert.match(device.text("progress"), /Stopped; \d of 8 written/);
  await stage.until("no way", () => !/gRPC|HTTP/.test(device.text("path")));
  assert.match(device.text("status"), /has gone in the middle of the work|No server answers/);
}

async function oneClip(stage: Stage, { device }: Opened): Promise<void> {
  device.turn("bars", 1);
  device.turn("variations", 1);
  device.click("go");
  const [track] = stage.world.set.tracks;
  await stage.until("a clip", () => track !== undefined && clipsOf(track).some(Boolean));
}

/** A server runs for as long as the act takes; it ends even where the act fails and it hangs. */
async function serving(act: (server: Server) => Promise<void>): Promise<void> {
  const server = await Server.start();
  try {
    await act(server);
  } finally {
    await server.kill("SIGKILL");
  }
}

/** The server goes on, is found by Reconnect, and writes a clip. */
async function recover(stage: Stage, opened: Opened, server: Server, found: RegExp): Promise<void> {
  server.send("SIGCONT");
  opened.device.click("reconnect");
  await stage.strip(opened, found);
  await oneClip(stage, opened);
}

/** Hangs the server in the middle of the work over gRPC; behind the act it goes on. */
function hungAtWork(act: (stage: Stage, opened: Opened) => Promise<void>): Promise<void> {
  return serving((server) =>
    whole({ grpc: server.grpc }, async (stage, opened) => {
      await stage.strip(opened, /generators? at/);
      await begin(stage, opened);
      server.send("SIGSTOP");
      await act(stage, opened);
      await recover(stage, opened, server, /generators? at/);
    }),
  );
}

test("a hung server: the strip says so, the work ends, and the next press works", () =>
  hungAtWork(async (stage, opened) => {
    await loss(stage, opened);
    const { device } = opened;
    device.click("go");
    assert.match(device.text("status"), /[Ss]erver/);
    assert.equal(device.control("cancel").active, false, "nothing is begun without a server");
  }));

test("a hung server: Cancel works before it is missed, and so does Generate after it", () =>
  hungAtWork(async (stage, opened) => {
    const { device } = opened;
    device.click("cancel");
    assert.match(device.text("progress"), /Canceled/);
    assert.equal(device.control("cancel").active, false);
    device.click("go");
    assert.equal(device.control("cancel").active, true);
    await loss(stage, opened);
  }));

test("a hung server of the device's own is ended, and another is started", () =>
  whole({ program: quick }, async (stage, opened) => {
    const serverOf = (): number =>
      JSON.parse(readFileSync(join(stage.folder, "run", "server.json"), "utf8")).pid;
    await stage.strip(opened, /generators? at/);
    const first = serverOf();
    await begin(stage, opened);
    process.kill(first, "SIGSTOP");
    await loss(stage, opened);
    opened.device.click("reconnect");
    await stage.strip(opened, /generators? at/);
    assert.notEqual(serverOf(), first);
    await stage.until("the end of the first", () => !isAlive(first));
    await oneClip(stage, opened);
  }));

test("a hung server over HTTP: the strip says so, the work ends, the next press works", () =>
  serving((server) =>
    whole({ http: server.http }, async (stage, opened) => {
      stage.hurry = 10;
      await stage.strip(opened, /over HTTP/);
      stage.hurry = 1;
      ask(opened);
      server.send("SIGSTOP");
      stage.hurry = 10;
      await loss(stage, opened);
      stage.hurry = 1;
      await recover(stage, opened, server, /over HTTP/);
    }),
  ));
