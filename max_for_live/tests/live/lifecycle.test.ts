import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SimClip } from "../../sim/live_clip.ts";
import { DRUMS, Server, sharedServer } from "../server.ts";
import { LiveFixture } from "./fixture.ts";

const server = sharedServer("--bundle", DRUMS);

test("before the bang of live.thisdevice, Live is not accessed, and stored values are kept", async () => {
  const fixture = new LiveFixture(server.http);
  const track = fixture.set.addTrack("Keys");
  const device = await fixture.plug(track);
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
  device.host.send(0, "note_in", 60, 100);
  assert.deepEqual(fixture.set.console, []);
  await device.connected();
  assert.equal(device.shown.get("generator set"), "1");
  fixture.end();
});

test("on a Live before 12.2 the device shows a message and does nothing", async () => {
  const fixture = new LiveFixture(server.http);
  fixture.set.app.version = [12, 1, 10];
  const device = (await fixture.plug(fixture.set.addTrack("Keys"))).ready();
  assert.equal(
    device.text("status"),
    "Magenta Bridge requires Live 12.2 or later. This is Live 12.1.",
  );
  device.control("go");
  fixture.world.clock.advance(60_000);
  assert.deepEqual(device.host.from(1), [], "no messages to Node");
  fixture.end();
});

test("without Node and without XMLHttpRequest the status line says what is missing", async () => {
  const fixture = new LiveFixture();
  const device = (await fixture.plug(fixture.set.addTrack("Keys"), { http: false })).ready();
  fixture.world.clock.advance(10_000);
  assert.match(device.text("status"), /Node for Max/);
  fixture.end();
});

test("the device works again after losing the server during generation", async (t) => {
  let own = await Server.start("--bundle", DRUMS);
  // Also if the test fails; a running server would block the end of the run.
  t.after(() => own.kill("SIGKILL"));
  const { port } = new URL(own.http);
  const fixture = new LiveFixture(own.http);
  const track = fixture.set.addTrack("Keys");
  const device = await fixture.connect(track);
  device.control("variations", 8);
  device.control("bars", 64);
  device.control("go");
  await own.kill("SIGKILL");
  await fixture.until(() => /server/i.test(device.text("status")), "the loss");
  assert.ok(!/^\d+ generators/.test(device.text("status")));
  own = await Server.start("--bundle", DRUMS, "--http-port", port);
  await fixture.until(() => /^\d+ generators/.test(device.text("status")), "the return");
  device.control("variations", 1);
  device.control("bars", 1);
  const clips = () => track.slots.filter((slot) => slot.clip !== null).length;
  const had = clips();
  device.control("go");
  await fixture.until(() => clips() === had + 1);
  fixture.end();
});

test("removing a device during generation leaves nothing behind", async () => {
  const fixture = new LiveFixture(server.http);
  const track = fixture.set.addTrack("Keys");
  const device = await fixture.connect(track);
  device.control("go");
  device.host.send(0, "closing");
  device.host.send(0, "control", "go");
  fixture.end();
  assert.ok(track.slots.every((slot) => slot.clip === null));
});

test("the self-test writes a report, and deletes its temporary clip", async () => {
  const folder = mkdtempSync(join(tmpdir(), "magenta-bridge-"));
  const fixture = new LiveFixture(server.http);
  const track = fixture.set.addTrack("Keys");
  const mine = track.slots[0]?.place(new SimClip(track.slots[0], { length: 4 }));
  const filepath = `Macintosh HD:${folder}/Magenta Bridge.amxd`;
  const device = await fixture.connect(track, { filepath });
  device.control("self_test");
  await fixture.until(() => /Report: /.test(device.text("progress")));
  const path = join(folder, "Magenta Bridge Self-Test.json");
  const report = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(report.host.live, "12.2.7");
  assert.equal(report.host.note_round_trip, "exact");
  assert.equal(report.http.ok, true);
  assert.equal(report.node.ready, false);
  assert.equal(track.slots[0]?.clip, mine);
  assert.ok(track.slots.slice(1).every((slot) => slot.clip === null));
  assert.deepEqual(fixture.set.undoSteps, ["create_clip", "add_new_notes", "delete_clip"]);
  fixture.end();
});

for (const listOfOne of ["list", "element"] as const) {
  test(`the piano roll receives its notes, with a list of one as ${listOfOne}`, async () => {
    const fixture = new LiveFixture(server.http, listOfOne);
    const track = fixture.set.addTrack("Keys");
    const device = await fixture.connect(track);
    device.control("go");
    await fixture.until(() => device.text("candidate") === "1 of 1");
    const [, length, dict] = device.host.from(2, "roll").at(-1) ?? [];
    assert.ok(Number(length) > 0);
    assert.ok(fixture.world.dicts.contents.has(String(dict)));
    fixture.end();
    assert.equal(fixture.world.dicts.contents.has(String(dict)), false, "dictionaries are freed");
  });
}
