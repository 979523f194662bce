import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveNote } from "../../../core/host/live_port.ts";
import { DRUMS, sharedServer } from "../../server.ts";
import { ToolFixture } from "./tool_fixture.ts";

const server = sharedServer("--bundle", DRUMS);

const MELODY: LiveNote[] = [60, 62, 64, 65, 67, 65, 64, 62].map((pitch, index) => ({
  pitch,
  start_time: index,
  duration: 0.9,
  velocity: 80.25 + index,
  probability: 0.5,
  velocity_deviation: -3,
  release_velocity: 20,
}));

const plain = (notes: readonly LiveNote[]) => notes.map(({ note_id: _, ...note }) => note);

async function generator(options = {}): Promise<ToolFixture> {
  const fixture = await ToolFixture.open("generator", { http: server.http, ...options });
  await fixture.listed();
  fixture.sim.control("generator", 1);
  return fixture;
}

async function transformation(options = {}): Promise<ToolFixture> {
  const fixture = await ToolFixture.open("transformation", {
    http: server.http,
    notes: MELODY,
    ...options,
  });
  await fixture.listed();
  fixture.sim.control("generator", 1);
  return fixture;
}

test("without fetched music the generator returns no notes and says what to press", async () => {
  const fixture = await generator();
  fixture.sim.apply();
  assert.deepEqual(fixture.sim.notes, []);
  assert.equal(fixture.status, "Press Fetch.");
  fixture.end();
});

test("without fetched music the transformation returns the notes unchanged", async () => {
  const fixture = await transformation();
  const before = structuredClone(fixture.sim.notes);
  fixture.sim.apply();
  assert.deepEqual(fixture.sim.notes, before);
  fixture.end();
});

test("fetched music is at the insert marker, with the right length", async () => {
  const fixture = await generator();
  fixture.sim.control("bars", 2);
  await fixture.fetched();
  assert.ok(fixture.sim.preview.length > 0, "new music is shown immediately");
  fixture.sim.apply();
  assert.ok(fixture.sim.notes.length > 0);
  assert.ok(fixture.sim.notes.every((note) => note.start_time >= 2 && note.start_time < 2 + 8));
  fixture.end();
});

test("a time selection limits the music", async () => {
  const clip = { time_selection_start: 4, time_selection_end: 6 };
  const fixture = await generator({ context: { clip } });
  await fixture.fetched();
  fixture.sim.apply();
  assert.ok(fixture.sim.notes.every((note) => note.start_time >= 4));
  assert.ok(fixture.sim.notes.every((note) => note.start_time + note.duration <= 6 + 1e-9));
  fixture.end();
});

test("the same request gets the same response, after 85 moves of a dial and back", async () => {
  const fixture = await generator();
  await fixture.fetched();
  const first = plain(fixture.sim.preview);
  const before = fixture.sim.requests;
  for (let step = 0; step < 84; step += 1) fixture.sim.control("temperature", 1 + step / 40);
  fixture.sim.control("temperature", 1);
  assert.equal(fixture.sim.requests - before, 85);
  assert.deepEqual(plain(fixture.sim.preview), first);
  fixture.end();
});

test("another take is used immediately; a seed that was not fetched has none", async () => {
  const fixture = await generator();
  await fixture.fetched();
  const first = plain(fixture.sim.preview);
  fixture.sim.control("choice", 2);
  assert.notDeepEqual(plain(fixture.sim.preview), first);
  fixture.sim.control("seed", 99);
  assert.deepEqual(fixture.sim.preview, []);
  assert.equal(fixture.status, "Press Fetch.");
  fixture.sim.control("seed", 1);
  fixture.sim.control("choice", 1);
  assert.deepEqual(plain(fixture.sim.preview), first);
  fixture.end();
});

test("the same seed gives the same notes in another tool", async () => {
  const [one, two] = [await generator(), await generator()];
  for (const fixture of [one, two]) {
    fixture.sim.control("seed", 4711);
    await fixture.fetched();
  }
  assert.deepEqual(plain(one.sim.preview), plain(two.sim.preview));
  one.end();
  two.end();
});

test("Random Seed changes the seed and fetches", async () => {
  const fixture = await generator();
  fixture.sim.control("random_seed");
  await fixture.until(() => /Press Apply/.test(fixture.status));
  const [seed] = fixture.host.from(2, "seed");
  assert.ok(Number(seed?.[2]) >= 0 && Number(seed?.[2]) < 65_536);
  fixture.end();
});

test("the music is in Live's scale", async () => {
  const scale = { scale_mode: 1, root_note: 2, scale_intervals: [0, 7], scale_name: "Fifths" };
  const fixture = await generator({ context: { scale } });
  await fixture.fetched();
  const classes = new Set(fixture.sim.preview.map((note) => note.pitch % 12));
  assert.ok(
    [...classes].every((pitch) => pitch === 2 || pitch === 9),
    [...classes].join(" "),
  );
  fixture.end();
});

test("Continue keeps every note with its id and adds notes after them", async () => {
  const fixture = await transformation();
  const before = structuredClone(fixture.sim.notes);
  fixture.sim.control("bars", 1);
  await fixture.fetched();
  fixture.sim.apply();
  assert.deepEqual(fixture.sim.notes.slice(0, before.length), before);
  const added = fixture.sim.notes.slice(before.length);
  assert.ok(added.length > 0);
  assert.ok(added.every((note) => note.start_time >= 8 && note.start_time < 12));
  fixture.end();
});

test("Replace keeps the first part with its ids and regenerates the rest", async () => {
  const fixture = await transformation();
  const before = structuredClone(fixture.sim.notes);
  fixture.sim.control("mode", 1);
  fixture.sim.control("amount", 50);
  await fixture.fetched();
  fixture.sim.apply();
  assert.deepEqual(fixture.sim.notes.slice(0, 4), before.slice(0, 4));
  const ids = new Set(before.map((note) => note.note_id));
  const written = fixture.sim.notes.slice(4);
  assert.ok(written.length > 0);
  assert.ok(written.every((note) => note.start_time >= 4 && note.start_time < 8));
  assert.ok(written.every((note) => !ids.has(note.note_id)));
  fixture.end();
});

test("Replace with 100 % keeps start and length", async () => {
  const fixture = await transformation();
  fixture.sim.control("mode", 1);
  fixture.sim.control("amount", 100);
  await fixture.fetched();
  fixture.sim.apply();
  assert.ok(fixture.sim.notes.length > 0);
  assert.ok(fixture.sim.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  fixture.end();
});

test("New Pitches changes only pitches, as many as Amount says", async () => {
  const fixture = await transformation();
  const before = structuredClone(fixture.sim.notes);
  fixture.sim.control("mode", 2);
  fixture.sim.control("amount", 0);
  await fixture.fetched();
  assert.deepEqual(fixture.sim.preview, before);
  fixture.sim.control("amount", 100);
  fixture.sim.apply();
  const withoutPitches = (notes: LiveNote[]) => notes.map(({ pitch: _, ...note }) => note);
  assert.deepEqual(withoutPitches(fixture.sim.notes), withoutPitches(before));
  assert.notDeepEqual(fixture.sim.notes, before);
  fixture.end();
});

test("an edited clip is a new request", async () => {
  const fixture = await transformation();
  await fixture.fetched();
  fixture.sim.edit(() => {
    fixture.sim.notes = fixture.sim.notes.slice(0, 3);
  });
  fixture.sim.apply();
  assert.equal(fixture.sim.notes.length, 3);
  assert.equal(fixture.status, "Press Fetch.");
  fixture.end();
});

test("muted notes stay, and are not part of the primer", async () => {
  const notes = MELODY.map((note, index) => ({ ...note, mute: index % 2 }));
  const fixture = await transformation({ notes });
  fixture.sim.control("mode", 1);
  fixture.sim.control("amount", 100);
  await fixture.fetched();
  const kept = fixture.sim.preview.filter((note) => note.mute);
  assert.equal(kept.length, 4);
  fixture.end();
});

test("a clip without notes is an error", async () => {
  const fixture = await transformation({ notes: [] });
  fixture.sim.control("fetch");
  assert.match(fixture.status, /no notes to work with/);
  fixture.end();
});

for (const first of ["context", "notes"] as const) {
  for (const listOfOne of ["list", "element"] as const) {
    test(`one note, with the ${first} first and a list of one as ${listOfOne}`, async () => {
      const notes = MELODY.slice(0, 1);
      const fixture = await transformation({ notes, live: { first }, listOfOne });
      const before = structuredClone(fixture.sim.notes);
      fixture.sim.apply();
      assert.deepEqual(fixture.sim.notes, before);
      await fixture.fetched();
      fixture.sim.apply();
      assert.ok(fixture.sim.notes.length > 1);
      fixture.end();
    });
  }
}

test("if Live sends no request after a bang, Apply uses the music", async () => {
  const fixture = await generator({ live: { respondsToBang: false } });
  fixture.sim.control("fetch");
  await fixture.until(() => /of 8. Press Apply/.test(fixture.status));
  assert.deepEqual(fixture.sim.preview, []);
  fixture.sim.apply();
  assert.ok(fixture.sim.notes.length > 0);
  const seen = JSON.stringify(fixture.world.dicts.read("magenta_bridge_tools"));
  assert.match(seen, /responded within the call|no request/);
  fixture.end();
});

test("without a server the status says what to do", async () => {
  const fixture = await ToolFixture.open("generator", { http: "http://127.0.0.1:9" });
  await fixture.until(() => /magenta-bridge serve/.test(fixture.status));
  fixture.sim.apply();
  fixture.sim.control("fetch");
  assert.match(fixture.status, /server/);
  fixture.end();
});

test("an old Live gets a message, and its notes are unchanged", async () => {
  const fixture = await ToolFixture.open("generator", { http: server.http, version: [12, 1, 5] });
  assert.match(fixture.status, /requires Live 12\.2 or later\. This is Live 12\.1/);
  fixture.sim.apply();
  fixture.end();
});
