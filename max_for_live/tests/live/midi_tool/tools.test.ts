import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { LiveNote } from "../../../core/host/live_port.ts";
import { type Server, startServer } from "../server.ts";
import { ToolStage } from "./tool_stage.ts";

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server.kill());

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

async function generator(options = {}): Promise<ToolStage> {
  const stage = await ToolStage.open("generator", { http: server.http, ...options });
  await stage.listed();
  stage.sim.control("generator", 1);
  return stage;
}

async function transformation(options = {}): Promise<ToolStage> {
  const stage = await ToolStage.open("transformation", {
    http: server.http,
    notes: MELODY,
    ...options,
  });
  await stage.listed();
  stage.sim.control("generator", 1);
  return stage;
}

test("with nothing held the generator hands back nothing and says what to press", async () => {
  const stage = await generator();
  stage.sim.apply();
  assert.deepEqual(stage.sim.notes, []);
  assert.equal(stage.status, "Press Fetch.");
  stage.end();
});

test("with nothing held the transformation hands the notes back as they are", async () => {
  const stage = await transformation();
  const before = structuredClone(stage.sim.notes);
  stage.sim.apply();
  assert.deepEqual(stage.sim.notes, before);
  stage.end();
});

test("fetched music stands where the insert marker is, in time and in bars", async () => {
  const stage = await generator();
  stage.sim.control("bars", 2);
  await stage.fetched();
  assert.ok(stage.sim.preview.length > 0, "it was shown when it came");
  stage.sim.apply();
  assert.ok(stage.sim.notes.length > 0);
  assert.ok(stage.sim.notes.every((note) => note.start_time >= 2 && note.start_time < 2 + 8));
  stage.end();
});

test("a time selection bounds it", async () => {
  const clip = { time_selection_start: 4, time_selection_end: 6 };
  const stage = await generator({ context: { clip } });
  await stage.fetched();
  stage.sim.apply();
  assert.ok(stage.sim.notes.every((note) => note.start_time >= 4));
  assert.ok(stage.sim.notes.every((note) => note.start_time + note.duration <= 6 + 1e-9));
  stage.end();
});

test("the same question gets the same answer, 85 times while a dial is turned and back", async () => {
  const stage = await generator();
  await stage.fetched();
  const first = plain(stage.sim.preview);
  const before = stage.sim.questions;
  for (let step = 0; step < 84; step += 1) stage.sim.control("temperature", 1 + step / 40);
  stage.sim.control("temperature", 1);
  assert.equal(stage.sim.questions - before, 85);
  assert.deepEqual(plain(stage.sim.preview), first);
  stage.end();
});

test("another choice is another candidate at once; a seed that was not fetched is none", async () => {
  const stage = await generator();
  await stage.fetched();
  const first = plain(stage.sim.preview);
  stage.sim.control("choice", 2);
  assert.notDeepEqual(plain(stage.sim.preview), first);
  stage.sim.control("seed", 99);
  assert.deepEqual(stage.sim.preview, []);
  assert.equal(stage.status, "Press Fetch.");
  stage.sim.control("seed", 1);
  stage.sim.control("choice", 1);
  assert.deepEqual(plain(stage.sim.preview), first);
  stage.end();
});

test("the same seed gives the same notes in another tool", async () => {
  const [one, two] = [await generator(), await generator()];
  for (const stage of [one, two]) {
    stage.sim.control("seed", 4711);
    await stage.fetched();
  }
  assert.deepEqual(plain(one.sim.preview), plain(two.sim.preview));
  one.end();
  two.end();
});

test("the die changes the seed and fetches", async () => {
  const stage = await generator();
  stage.sim.control("dice");
  await stage.until(() => /press Apply/.test(stage.status));
  const [seed] = stage.host.from(2, "seed");
  assert.ok(Number(seed?.[2]) >= 0 && Number(seed?.[2]) < 65_536);
  stage.end();
});

test("Live's scale is kept to", async () => {
  const scale = { scale_mode: 1, root_note: 2, scale_intervals: [0, 7], scale_name: "Fifths" };
  const stage = await generator({ context: { scale } });
  await stage.fetched();
  const classes = new Set(stage.sim.preview.map((note) => note.pitch % 12));
  assert.ok(
    [...classes].every((pitch) => pitch === 2 || pitch === 9),
    [...classes].join(" "),
  );
  stage.end();
});

test("Continue keeps every note with its id and adds what comes after", async () => {
  const stage = await transformation();
  const before = structuredClone(stage.sim.notes);
  stage.sim.control("bars", 1);
  await stage.fetched();
  stage.sim.apply();
  assert.deepEqual(stage.sim.notes.slice(0, before.length), before);
  const added = stage.sim.notes.slice(before.length);
  assert.ok(added.length > 0);
  assert.ok(added.every((note) => note.start_time >= 8 && note.start_time < 12));
  stage.end();
});

test("Replace keeps the first part with its ids and writes the rest", async () => {
  const stage = await transformation();
  const before = structuredClone(stage.sim.notes);
  stage.sim.control("mode", 1);
  stage.sim.control("amount", 50);
  await stage.fetched();
  stage.sim.apply();
  assert.deepEqual(stage.sim.notes.slice(0, 4), before.slice(0, 4));
  const ids = new Set(before.map((note) => note.note_id));
  const written = stage.sim.notes.slice(4);
  assert.ok(written.length > 0);
  assert.ok(written.every((note) => note.start_time >= 4 && note.start_time < 8));
  assert.ok(written.every((note) => !ids.has(note.note_id)));
  stage.end();
});

test("all replaced: as long as it was, from where it was", async () => {
  const stage = await transformation();
  stage.sim.control("mode", 1);
  stage.sim.control("amount", 100);
  await stage.fetched();
  stage.sim.apply();
  assert.ok(stage.sim.notes.length > 0);
  assert.ok(stage.sim.notes.every((note) => note.start_time >= 0 && note.start_time < 8));
  stage.end();
});

test("New Pitches changes pitches alone, and as many as asked for", async () => {
  const stage = await transformation();
  const before = structuredClone(stage.sim.notes);
  stage.sim.control("mode", 2);
  stage.sim.control("amount", 0);
  await stage.fetched();
  assert.deepEqual(stage.sim.preview, before);
  stage.sim.control("amount", 100);
  stage.sim.apply();
  const strip = (notes: LiveNote[]) => notes.map(({ pitch: _, ...note }) => note);
  assert.deepEqual(strip(stage.sim.notes), strip(before));
  assert.notDeepEqual(stage.sim.notes, before);
  stage.end();
});

test("an edited clip is another question", async () => {
  const stage = await transformation();
  await stage.fetched();
  stage.sim.edit(() => {
    stage.sim.notes = stage.sim.notes.slice(0, 3);
  });
  stage.sim.apply();
  assert.equal(stage.sim.notes.length, 3);
  assert.equal(stage.status, "Press Fetch.");
  stage.end();
});

test("muted notes stay, and are not heard", async () => {
  const notes = MELODY.map((note, index) => ({ ...note, mute: index % 2 }));
  const stage = await transformation({ notes });
  stage.sim.control("mode", 1);
  stage.sim.control("amount", 100);
  await stage.fetched();
  const kept = stage.sim.preview.filter((note) => note.mute);
  assert.equal(kept.length, 4);
  stage.end();
});

test("no notes: it says so", async () => {
  const stage = await transformation({ notes: [] });
  stage.sim.control("fetch");
  assert.match(stage.status, /no notes to hear/);
  stage.end();
});

for (const first of ["context", "notes"] as const) {
  for (const listOfOne of ["list", "element"] as const) {
    test(`one note, with the ${first} first and a list of one as ${listOfOne}`, async () => {
      const notes = MELODY.slice(0, 1);
      const stage = await transformation({ notes, habits: { first }, listOfOne });
      const before = structuredClone(stage.sim.notes);
      stage.sim.apply();
      assert.deepEqual(stage.sim.notes, before);
      await stage.fetched();
      stage.sim.apply();
      assert.ok(stage.sim.notes.length > 1);
      stage.end();
    });
  }
}

test("where Live does not ask unasked, Apply brings the music", async () => {
  const stage = await generator({ habits: { hearsLateBang: false } });
  stage.sim.control("fetch");
  await stage.until(() => /of 8; press Apply/.test(stage.status));
  assert.deepEqual(stage.sim.preview, []);
  stage.sim.apply();
  assert.ok(stage.sim.notes.length > 0);
  const seen = JSON.stringify(stage.world.dicts.read("magenta_bridge_tools"));
  assert.match(seen, /answered within the call|not asked/);
  stage.end();
});

test("without a server it says what to type", async () => {
  const stage = await ToolStage.open("generator", { http: "http://127.0.0.1:9" });
  await stage.until(() => /magenta-bridge serve/.test(stage.status));
  stage.sim.apply();
  stage.sim.control("fetch");
  assert.match(stage.status, /server/);
  stage.end();
});

test("an old Live is told, and its notes are left alone", async () => {
  const stage = await ToolStage.open("generator", { http: server.http, version: [12, 1, 5] });
  assert.match(stage.status, /needs Live 12\.2 or later; this is Live 12\.1/);
  stage.sim.apply();
  stage.end();
});
