import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SimClip } from "../../sim/live_clip.ts";
import { type Server, startServer } from "./server.ts";
import { Stage } from "./stage.ts";

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.kill());

test("before live.thisdevice has spoken Live is not asked, and stored values are kept", async () => {
  const stage = new Stage(server.http);
  const track = stage.set.addTrack("Keys");
  const device = await stage.plug(track);
  for (const [id, value] of [
    ["generator_id", "lstm_melody"],
    ["tool", "continue"],
    ["bars", 2],
    ["temperature", 0.5],
    ["program_path", 0],
    ["jam", 1],
  ] as const) {
    device.control(id, value);
  }
  device.host.send(0, "heard", 60, 100);
  assert.deepEqual(stage.set.console, []);
  await device.connected();
  assert.equal(device.shown.get("generator set"), "1");
  stage.end();
});

test("on a Live before 12.2 the device says so and does nothing", async () => {
  const stage = new Stage(server.http);
  stage.set.app.version = [12, 1, 10];
  const device = (await stage.plug(stage.set.addTrack("Keys"))).ready();
  assert.equal(
    device.text("status"),
    "Magenta Bridge needs Live 12.2 or later; this is Live 12.1.",
  );
  device.control("go");
  stage.world.clock.advance(60_000);
  assert.deepEqual(device.host.from(1), [], "Node is not asked either");
  stage.end();
});

test("without Node and without XMLHttpRequest it says what is missing", async () => {
  const stage = new Stage();
  const device = (await stage.plug(stage.set.addTrack("Keys"), { http: false })).ready();
  stage.world.clock.advance(10_000);
  assert.match(device.text("status"), /Node for Max/);
  stage.end();
});

test("the server goes in the middle of the work, and the device works on when it is back", async (t) => {
  let own = await startServer();
  // Also when the test fails; a server that is left behind would keep the whole run waiting.
  t.after(() => own.kill());
  const port = Number(new URL(own.http).port);
  const stage = new Stage(own.http);
  const track = stage.set.addTrack("Keys");
  const device = await (await stage.plug(track)).connected();
  device.control("variations", 8);
  device.control("bars", 64);
  device.control("go");
  await own.kill();
  await stage.until(() => /server/i.test(device.text("status")), "the loss");
  assert.ok(!/^\d+ generators/.test(device.text("status")));
  own = await startServer(port);
  await stage.until(() => /^\d+ generators/.test(device.text("status")), "the return");
  device.control("variations", 1);
  device.control("bars", 1);
  const clips = () => track.slots.filter((slot) => slot.clip !== null).length;
  const had = clips();
  device.control("go");
  await stage.until(() => clips() === had + 1);
  stage.end();
});

test("a device that goes while music is written leaves nothing behind", async () => {
  const stage = new Stage(server.http);
  const track = stage.set.addTrack("Keys");
  const device = await (await stage.plug(track)).connected();
  device.control("go");
  device.host.send(0, "closing");
  device.host.send(0, "control", "go");
  stage.end();
  assert.ok(track.slots.every((slot) => slot.clip === null));
});

test("the self-test writes what it found, and removes the clip that it made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-"));
  const stage = new Stage(server.http);
  const track = stage.set.addTrack("Keys");
  const mine = track.slots[0]?.place(new SimClip(track.slots[0], { length: 4 }));
  const filepath = `Macintosh HD:${folder}/Magenta Bridge.amxd`;
  const device = await (await stage.plug(track, { filepath })).connected();
  device.control("self_test");
  await stage.until(() => /report in/.test(device.text("progress")));
  const path = join(folder, "Magenta Bridge Self-Test.json");
  const report = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(report.host.live, "12.2.7");
  assert.equal(report.host.note_round_trip, "exact");
  assert.equal(report.http.ok, true);
  assert.equal(report.node.ready, false);
  assert.equal(track.slots[0]?.clip, mine);
  assert.ok(track.slots.slice(1).every((slot) => slot.clip === null));
  assert.deepEqual(stage.set.undoSteps, ["create_clip", "add_new_notes", "delete_clip"]);
  stage.end();
});

for (const listOfOne of ["list", "element"] as const) {
  test(`the piano roll gets its notes, with a list of one kept as ${listOfOne}`, async () => {
    const stage = new Stage(server.http, listOfOne);
    const track = stage.set.addTrack("Keys");
    const device = await (await stage.plug(track)).connected();
    device.control("go");
    await stage.until(() => device.text("candidate") === "1 of 1");
    const [, length, dict] = device.host.from(2, "roll").at(-1) ?? [];
    assert.ok(Number(length) > 0);
    assert.ok(stage.world.dicts.contents.has(String(dict)));
    stage.end();
    assert.equal(stage.world.dicts.contents.has(String(dict)), false, "dictionaries are freed");
  });
}
