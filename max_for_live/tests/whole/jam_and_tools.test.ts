/** Jam on the device's track, and the MIDI Tools in the clip view. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BRIDGE, Simulation } from "../../sim/simulation.ts";
import { Server } from "../server.ts";

let server: Server;
before(async () => {
  server = await Server.start();
});
after(() => server.kill());

/** Run Live's transport with the clock, at 120 beats per minute. */
function playSong(simulation: Simulation): () => void {
  const { set, clock } = simulation.world;
  const begun = clock.now();
  set.changeByUser(() => set.write("is_playing", 1));
  const timer = setInterval(() => {
    const beat = ((clock.now() - begun) / 1000) * 2;
    set.changeByUser(() => set.write("current_song_time", beat));
  }, 5);
  return () => {
    clearInterval(timer);
    set.changeByUser(() => set.write("is_playing", 0));
  };
}

test("Jam answers a phrase, and stop, Panic and removal end every note", async () => {
  const simulation = new Simulation({ grpc: server.grpc });
  const opened = simulation.drag(simulation.track());
  const { device } = opened;
  await simulation.status(opened, /generators? at/);
  device.click("tool_jam");
  device.turn("jam_bars", 1);
  device.click("jam");
  const stop = playSong(simulation);
  for (const pitch of [60, 64, 67]) {
    const sentMidi = simulation.world.clock.now();
    device.playNote(pitch, 90);
    await simulation.until("a beat", () => simulation.world.clock.now() > sentMidi + 300);
    device.playNote(pitch, 0);
  }
  const thru = device.sentMidi.length;
  assert.equal(thru, 6, "played notes pass through");
  await simulation.until("a response", () => device.sentMidi.length > thru);
  await simulation.until("a sounding note", () => device.sounding.length > 0);
  device.click("panic");
  assert.deepEqual(device.sounding, []);
  stop();
  await simulation.remove(opened);
  assert.deepEqual(device.sounding, []);
  assert.deepEqual(simulation.world.complaints, []);
  await simulation.close();
});

test("removing the device ends a sounding note", async () => {
  const simulation = new Simulation({ grpc: server.grpc });
  const track = simulation.track();
  const opened = simulation.drag(track);
  const { device } = opened;
  await simulation.status(opened, /generators? at/);
  device.turn("bars", 1);
  device.click("go");
  await simulation.until("a clip", () => track.slots[0]?.clip !== null);
  device.click("audition");
  await simulation.until("a sounding note", () => device.sounding.length > 0);
  await simulation.remove(opened);
  assert.deepEqual(device.sounding, []);
  const sentMidi = device.sentMidi.length;
  simulation.world.clock.advance(60_000);
  assert.equal(device.sentMidi.length, sentMidi, "no note begins afterwards");
  await simulation.close();
  assert.deepEqual(simulation.world.complaints, []);
});

for (const [kind, name] of [
  ["generator", "Magenta Bridge Generator.amxd"],
  ["transformation", "Magenta Bridge Transformation.amxd"],
] as const) {
  test(`MIDI Tool ${kind}: after Fetch, each request gets a response within the call`, async () => {
    const simulation = new Simulation({ grpc: server.grpc, http: server.http });
    const track = simulation.track();
    const opened = simulation.drag(track, name);
    const { device } = opened;
    const notes = [0, 1, 2, 3].map((beat) => ({
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
    const live = opened.tool.live(kind, simulation.world, kind === "generator" ? [] : notes);
    await simulation.until("a generator", () => device.text("generator") === "lstm_melody");
    live.request();
    device.click("fetch");
    await simulation.until("takes", () => {
      live.request();
      return live.preview.length > (kind === "generator" ? 0 : 4);
    });
    const first = JSON.stringify(live.preview);
    live.request();
    assert.equal(JSON.stringify(live.preview), first, "the same request has the same response");
    live.apply();
    assert.ok(live.notes.length > 0);
    assert.deepEqual(live.status, []);
    await simulation.close();
    assert.deepEqual(simulation.world.complaints, []);
  });
}

test("a tool finds the server that a main device has published", async () => {
  const simulation = new Simulation({ grpc: server.grpc });
  const track = simulation.track();
  const main = simulation.drag(track, BRIDGE);
  await simulation.status(main, /generators? at/);
  // By default, a server that was started by hand serves HTTP on the port after gRPC's.
  const shared = simulation.world.max.dicts.read("magenta_bridge_shared");
  assert.match(String(shared.http), /^http:\/\/127\.0\.0\.1:\d+$/);
  await simulation.close();
});
