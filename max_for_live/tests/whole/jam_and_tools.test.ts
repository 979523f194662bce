/** Jam on the device's track, and the MIDI Tools in the clip view. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { BRIDGE, type Simulation } from "../../sim/simulation.ts";
import { sharedServer } from "../server.ts";
import { simulate } from "./simulate.ts";

const server = sharedServer();

/** Run Live's transport with the clock, at 120 beats per minute. */
function playSong(sim: Simulation): () => void {
  const { set, clock } = sim.world;
  const start = clock.now();
  set.changeByUser(() => set.write("is_playing", 1));
  const timer = setInterval(() => {
    const beat = ((clock.now() - start) / 1000) * 2;
    set.changeByUser(() => set.write("current_song_time", beat));
  }, 5);
  return () => {
    clearInterval(timer);
    set.changeByUser(() => set.write("is_playing", 0));
  };
}

test("Jam answers a phrase, and stop, Panic and removal end every note", () =>
  simulate({ grpc: server.grpc }, async (sim) => {
    const opened = sim.drag(sim.track());
    const { device } = opened;
    await sim.status(opened, /generators? at/);
    device.click("tool_jam");
    device.turn("jam_bars", 1);
    device.click("jam");
    const stop = playSong(sim);
    for (const pitch of [60, 64, 67]) {
      const start = sim.world.clock.now();
      device.playNote(pitch, 90);
      await sim.until("a beat", () => sim.world.clock.now() > start + 300);
      device.playNote(pitch, 0);
    }
    const thru = device.sentMidi.length;
    assert.equal(thru, 6, "played notes pass through");
    await sim.until("a response", () => device.sentMidi.length > thru);
    await sim.until("a sounding note", () => device.sounding.length > 0);
    device.click("panic");
    assert.deepEqual(device.sounding, []);
    stop();
    await sim.remove(opened);
    assert.deepEqual(device.sounding, []);
  }));

test("removing the device ends a sounding note", () =>
  simulate({ grpc: server.grpc }, async (sim) => {
    const track = sim.track();
    const opened = sim.drag(track);
    const { device } = opened;
    await sim.status(opened, /generators? at/);
    device.turn("bars", 1);
    device.click("go");
    await sim.until("a clip", () => track.slots[0]?.clip !== null);
    device.click("audition");
    await sim.until("a sounding note", () => device.sounding.length > 0);
    await sim.remove(opened);
    assert.deepEqual(device.sounding, []);
    const sentMidi = device.sentMidi.length;
    sim.world.clock.advance(60_000);
    assert.equal(device.sentMidi.length, sentMidi, "no note begins afterwards");
  }));

for (const [kind, name] of [
  ["generator", "Magenta Bridge Generator.amxd"],
  ["transformation", "Magenta Bridge Transformation.amxd"],
] as const) {
  test(`MIDI Tool ${kind}: after Fetch, each request gets a response within the call`, () =>
    simulate({ grpc: server.grpc, http: server.http }, async (sim) => {
      const track = sim.track();
      const opened = sim.drag(track, name);
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
      const live = opened.tool.live(kind, sim.world, kind === "generator" ? [] : notes);
      await sim.until("a generator", () => device.text("generator") === "lstm_melody");
      live.request();
      device.click("fetch");
      await sim.until("takes", () => {
        live.request();
        return live.preview.length > (kind === "generator" ? 0 : 4);
      });
      const first = JSON.stringify(live.preview);
      live.request();
      assert.equal(JSON.stringify(live.preview), first, "the same request has the same response");
      live.apply();
      assert.ok(live.notes.length > 0);
      assert.deepEqual(live.status, []);
    }));
}

test("a tool finds the server that a main device has published", () =>
  simulate({ grpc: server.grpc }, async (sim) => {
    const main = sim.drag(sim.track(), BRIDGE);
    await sim.status(main, /generators? at/);
    // By default, a server that was started by hand serves HTTP on the port after gRPC's.
    const shared = sim.world.max.dicts.read("magenta_bridge_shared");
    assert.match(String(shared.http), /^http:\/\/127\.0\.0\.1:\d+$/);
  }));
