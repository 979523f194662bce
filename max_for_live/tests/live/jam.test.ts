import assert from "node:assert/strict";
import { test } from "node:test";
import { DRUMS, Server, sharedServer } from "../server.ts";
import { LiveFixture, type PluggedDevice } from "./fixture.ts";

const server = sharedServer("--bundle", DRUMS);

/** A device with Jam on, and a transport that runs with Max's clock. */
class Jamming {
  readonly fixture = new LiveFixture(server.http);
  device!: PluggedDevice;

  async open(): Promise<this> {
    const { set } = this.fixture;
    set.put("tempo", 480);
    const track = set.addTrack("Keys");
    this.device = await this.fixture.connect(track);
    this.device.control("tool_jam", 1);
    this.device.control("generator", 1);
    this.device.control("jam_bars", 1);
    this.device.control("jam", 1);
    return this;
  }

  play(): void {
    const { set, world } = this.fixture;
    set.changeByUser(() => set.put("is_playing", 1));
    const begun = world.clock.now();
    const tick = () => {
      if (set.number("is_playing") !== 1) return;
      set.put("current_song_time", ((world.clock.now() - begun) / 1000) * (480 / 60));
      world.clock.schedule(5, tick);
    };
    tick();
  }

  stop(): void {
    const { set } = this.fixture;
    set.changeByUser(() => set.put("is_playing", 0));
  }

  key(pitch: number): void {
    this.device.host.send(0, "note_in", pitch, 90);
    this.fixture.world.clock.schedule(150, () => this.device.host.send(0, "note_in", pitch, 0));
  }

  get notes(): number {
    return this.device.music.filter(([word]) => word === "note").length;
  }

  get silences(): number {
    return this.device.music.filter(([word]) => word === "silence").length;
  }

  beat(at: number): Promise<void> {
    return this.fixture.until(
      () => this.fixture.set.number("current_song_time") >= at,
      `beat ${at}`,
    );
  }

  end(): void {
    this.stop();
    this.fixture.world.clock.advance(300);
    this.fixture.end();
  }
}

test("a phrase is answered on the next bar line, and all notes end", async () => {
  const jam = await new Jamming().open();
  jam.play();
  await jam.beat(0.5);
  jam.key(64);
  await jam.beat(1.5);
  jam.key(67);
  await jam.fixture.until(() => jam.notes > 0, "an answer");
  const [, , , , delay] = jam.device.music.find(([word]) => word === "note") ?? [];
  const beat = jam.fixture.set.number("current_song_time") + (Number(delay) / 60_000) * 480;
  assert.ok(beat > 3.9 && beat < 8, `the answer begins at ${beat}`);
  const { set } = jam.fixture;
  const before = jam.silences;
  jam.stop();
  jam.fixture.world.clock.advance(1);
  assert.ok(jam.silences > before, "the stop silences immediately");
  const notes = jam.notes;
  jam.fixture.world.clock.advance(2000);
  assert.equal(jam.notes, notes);
  assert.deepEqual(set.undoSteps, []);
  jam.end();
});

test("losing the server before an answer silences the device and shows a message", async (t) => {
  const own = await Server.start("--bundle", DRUMS);
  t.after(() => own.kill("SIGKILL"));
  const jam = new Jamming();
  jam.fixture.serverAt(own.http);
  await jam.open();
  jam.play();
  await jam.beat(0.2);
  jam.key(64);
  const before = jam.silences;
  await own.kill("SIGKILL");
  await jam.fixture.until(() => jam.silences > before, "silence");
  assert.match(jam.device.text("progress"), /server/i);
  jam.end();
});

test("Panic, switching the device off, and removing it silence it", async () => {
  const jam = await new Jamming().open();
  jam.device.control("panic");
  assert.equal(jam.silences > 0, true);
  const before = jam.silences;
  jam.device.host.send(0, "enabled", 0);
  assert.ok(jam.silences > before);
  const off = jam.silences;
  jam.device.host.send(0, "closing");
  assert.ok(jam.silences > off);
  jam.end();
});

test("another tool ends the jam, and the transport is no longer polled", async () => {
  const jam = await new Jamming().open();
  jam.play();
  await jam.beat(0.5);
  jam.device.control("tool_generate", 1);
  jam.key(64);
  await jam.beat(5);
  assert.equal(jam.notes, 0);
  jam.end();
});
