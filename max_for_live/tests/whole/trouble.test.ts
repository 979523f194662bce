/** No server, no program, no Node, an old Live: the device works all the same, or says why. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isAlive } from "../../node/shared_state_folder.ts";
import type { SimClip } from "../../sim/live_clip.ts";
import { World } from "../../sim/objects/device.ts";
import type { Opened } from "../../sim/objects/open.ts";
import { clipsOf, type Servers, Stage } from "../../sim/stage.ts";
import { Server } from "../node/server.ts";
import { program } from "../node/started.ts";

async function whole(servers: Servers, act: (stage: Stage) => Promise<void>, world?: World) {
  const stage = new Stage(servers, world);
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
  assert.deepEqual(stage.world.complaints, []);
}

/** Presses Generate, and waits for a first clip of one bar. */
async function firstClip(stage: Stage, { device }: Opened): Promise<SimClip> {
  const [track] = stage.world.set.tracks;
  assert.ok(track);
  device.turn("bars", 1);
  device.click("go");
  await stage.until("a clip", () => clipsOf(track)[0] !== null);
  return clipsOf(track)[0] as SimClip;
}

const serverOf = (folder: string): number =>
  JSON.parse(readFileSync(join(folder, "run", "server.json"), "utf8")).pid;

/** The program with all that it serves. */
const full = program("magenta-bridge");

test("no server runs: the first device starts one, the second uses it, the last one ends it", () =>
  whole({ program: full }, async (stage) => {
    const first = stage.drag(stage.track());
    await stage.strip(first, /Starting the server/);
    const second = stage.drag(stage.track("Bass"));
    await stage.strip(first, /generators? at/);
    await stage.strip(second, /generators? at/);
    const pid = serverOf(stage.folder);
    await firstClip(stage, first);
    await stage.remove(first);
    assert.ok(isAlive(pid), "the other device still uses it");
    await stage.remove(second);
    await stage.until("the server's end", () => !isAlive(pid));
  }));

test("the program is not installed: the strip shows the line to type, and Program finds it", () =>
  whole({}, async (stage) => {
    const opened = stage.drag(stage.track());
    const { device } = opened;
    await stage.strip(opened, /pip install magenta-bridge/);
    device.click("program");
    device.answerDialog(null);
    device.click("program");
    device.answerDialog(join(stage.folder, "nothing"));
    await stage.strip(opened, /There is no .*nothing/);
    device.click("program");
    device.answerDialog(full);
    await stage.strip(opened, /generators? at/);
    const kept = device.save();
    assert.deepEqual(kept["Program Path"], [full]);
    device.click("self_test");
    await stage.until("the report", () => /report|json/i.test(device.text("progress")));
  }));

test("Node does not start: over HTTP it works, and says so", async () => {
  const server = await Server.start();
  await whole({ http: server.http }, async (stage) => {
    const opened = stage.drag(stage.track());
    stage.hurry = 10;
    await stage.strip(opened, /over HTTP/);
    assert.equal(opened.device.text("path"), "HTTP");
    stage.hurry = 1;
    const clip = await firstClip(stage, opened);
    assert.ok(clip.notes.length > 0);
  });
  await server.kill();
});

test("Node comes late: the device goes over from HTTP to gRPC", async () => {
  const server = await Server.start();
  await whole({ grpc: server.grpc, http: server.http, node: false }, async (stage) => {
    const opened = stage.drag(stage.track());
    stage.hurry = 10;
    await stage.strip(opened, /over HTTP/);
    stage.world.node = process.execPath;
    opened.device.click("reconnect");
    await stage.until("gRPC", () => opened.device.text("path") === "gRPC");
    stage.hurry = 1;
    await firstClip(stage, opened);
  });
  await server.kill();
});

test("the server dies at work and comes back: the strip says so, and the next press works", async () => {
  const first = await Server.start();
  const port = first.grpc.split(":")[1] ?? "";
  let second: Server | null = null;
  await whole({ grpc: first.grpc }, async (stage) => {
    const opened = stage.drag(stage.track());
    const { device } = opened;
    await stage.strip(opened, /generators? at/);
    device.turn("bars", 64);
    device.turn("variations", 8);
    device.click("go");
    await stage.until("progress", () => /bar [2-9]/.test(device.text("progress")));
    await first.kill("SIGKILL");
    await stage.until("the loss", () => !device.control("cancel").active);
    assert.match(device.text("status"), /server|gone|answer/i);
    second = await Server.start("--port", port);
    // Why the work failed stays on the strip until the musician goes on.
    device.click("reconnect");
    await stage.strip(opened, /generators? at/);
    device.turn("variations", 1);
    await firstClip(stage, opened);
  });
  await (second as Server | null)?.kill();
});

test("a Live that is too old is told so in words", () => {
  const world = new World();
  world.set.app.version = [12, 1, 5];
  return whole(
    {},
    async (stage) => {
      const opened = stage.drag(stage.track());
      await stage.strip(opened, /needs Live 12\.2/);
      opened.device.click("reconnect");
      assert.match(opened.device.text("status"), /needs Live 12\.2/);
    },
    world,
  );
});

test("a device that goes leaves no process and no file", async () => {
  const server = await Server.start();
  const stage = new Stage({ grpc: server.grpc });
  const opened = stage.drag(stage.track());
  await stage.strip(opened, /generators? at/);
  const pid = opened.node?.pid ?? 0;
  assert.ok(isAlive(pid));
  await stage.remove(opened);
  assert.ok(!isAlive(pid));
  await stage.close();
  assert.ok(!existsSync(stage.folder));
  await server.kill();
});
