import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { clipsOf, Stage } from "../../sim/stage.ts";
import { Server } from "../node/server.ts";

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.kill());

test("press Generate, and a new clip appears", async () => {
  const stage = new Stage({ grpc: server.grpc });
  const track = stage.track();
  const opened = stage.drag(track);
  await stage.strip(opened, /generators at/);
  opened.device.click("go");
  await stage.until("a clip", () => clipsOf(track)[0] !== null);
  console.log(clipsOf(track)[0]?.notes.slice(0,3), opened.device.text("progress"), opened.device.text("path"));
  await stage.close();
  assert.deepEqual(stage.world.complaints, []);
});
