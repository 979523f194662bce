/** Jam on the device's track, and the MIDI Tools in the clip view. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BRIDGE, Stage } from "../../sim/stage.ts";
import { Server } from "../node/server.ts";

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.kill());

/** Lets Live's song go on as the clock does, at 120 beats a minute. */
function playSong(stage: Stage): () => void {
  const { set, clock } = stage.world;
  const begun = clock.now();
  set.happens(() => set.write("is_playing", 1));
  const timer = setInterval(() => {
    const beat = ((clock.now() - begun) / 1000) * 2;
    set.happens(() => set.write("current_song_time", beat));
  }, 5);
  return () => {
    clearInterval(timer);
    set.happens(() => set.write("is_playing", 0));
  };
}

test("Jam: a call goes in, a response comes out, and stop, panic and unload end every note", async () => {
  const stage = new Stage({ grpc: server.grpc });
  const opened = stage.drag(stage.track());
  const { device } = opened;
  await stage.strip(opened, /generators? at/);
  device.click("tool_jam");
  device.turn("jam_bars", 1);
  device.click("jam");
  const stop = playSong(stage);
  for (const pitch of [60, 64, 67]) {
    const sounded = stage.world.clock.now();
    device.hear(pitch, 90);
    await stage.until("a beat", () => stage.world.clock.now() > sounded + 300);
    device.hear(pitch, 0);
  }
  const thru = device.sounded.length;
  assert.equal(thru, 6, "what is played passes through");
  await stage.until("a response", () => device.sounded.length > thru);
  await stage.until("a sounding note", () => device.sounding.length > 0);
  device.click("panic");
  assert.deepEqual(device.sounding, []);
  stop();
  await stage.remove(opened);
  assert.deepEqual(device.sounding, []);
  assert.deepEqual(stage.world.complaints, []);
  await stage.close();
});

test("a note that sounds when the device is taken away is ended", async () => {
  const stage = new Stage({ grpc: server.grpc });
  const track = stage.track();
  const opened = stage.drag(track);
  const { device } = opened;
  await stage.strip(opened, /generators? at/);
  device.turn("bars", 1);
  device.click("go");
  await stage.until("a clip", () => track.slots[0]?.clip !== null);
  device.click("audition");
  await stage.until("a sounding note", () => device.sounding.length > 0);
  await stage.remove(opened);
  assert.deepEqual(device.sounding, []);
  const sounded = device.sounded.length;
  stage.world.clock.advance(60_000);
  assert.equal(device.sounded.length, sounded, "nothing begins afterwards");
  await stage.close();
  assert.deepEqual(stage.world.complaints, []);
});

for (const [kind, name] of [
  ["generator", "Magenta Bridge Generator.amxd"],
  ["transformation", "Magenta Bridge Transformation.amxd"],
] as const) {
  test(`MIDI Tool ${kind}: fetch, then each question is answered within the call`, async () => {
    const stage = new Stage({ grpc: server.grpc, http: server.http });
    const track = stage.track();
    const opened = stage.drag(track, name);
    const { device } = opened;
    const given = [0, 1, 2, 3].map((beat) => ({
      note_id: beat + 1,
      pitch: 60 + beat,
      start_time: beat,
      duration: 1,
      velocity: 80,
      mute: 0,
      probability: 1,
      velocity_deviation: 0,
      release_velocity: 64,
    }));
    const live = opened.tool.live(kind, stage.world, kind === "generator" ? [] : given);
    await stage.until("a generator", () => device.text("generator") === "lstm_melody");
    live.ask();
    device.click("fetch");
    await stage.until("takes", () => {
      live.ask();
      return live.preview.length > (kind === "generator" ? 0 : 4);
    });
    const first = JSON.stringify(live.preview);
    live.ask();
    assert.equal(JSON.stringify(live.preview), first, "the same question has the same answer");
    live.apply();
    assert.ok(live.notes.length > 0);
    assert.deepEqual(live.status, []);
    await stage.close();
    assert.deepEqual(stage.world.complaints, []);
  });
}

test("a tool finds the server by what a main device has told", async () => {
  const stage = new Stage({ grpc: server.grpc });
  const track = stage.track();
  const main = stage.drag(track, BRIDGE);
  await stage.strip(main, /generators? at/);
  // A server that is started by hand is believed to answer HTTP on the port after gRPC's.
  const shared = stage.world.max.dicts.read("magenta_bridge_shared");
  assert.match(String(shared.http), /^http:\/\/127\.0\.0\.1:\d+$/);
  await stage.close();
});
