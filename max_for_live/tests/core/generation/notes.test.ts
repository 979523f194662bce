import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { exactTempo } from "../../../core/generation/beats.ts";
import { decodeNotes, durationBetween, encodeNotes } from "../../../core/generation/notes.ts";
import type { LiveNote } from "../../../core/host/live_port.ts";
import type { NoteSequence } from "../../../core/transport/messages.ts";
import { PROGRAM, REPOSITORY } from "../../server.ts";
import { randomFrom } from "../jam/jam_fixture.ts";

const ECHO = [
  "import sys",
  "from google.protobuf import json_format",
  "from magenta_bridge.noteseq import NoteSequence",
  "s = NoteSequence()",
  "json_format.Parse(sys.stdin.read(), s)",
  "s = NoteSequence.FromString(s.SerializeToString())",
  "sys.stdout.write(json_format.MessageToJson(s))",
].join("\n");

function manyNotes(count: number, seed: number): LiveNote[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => ({
    note_id: index + 1,
    pitch: Math.floor(random() * 128),
    start_time: random() < 0.2 ? Math.floor(random() * 4000) / 4 : random() * 1000,
    duration: random() < 0.2 ? 0.25 : random() * 4 + 1e-6,
    velocity: random() * 126 + 1,
    mute: 0,
    probability: random(),
    velocity_deviation: Math.floor(random() * 255) - 127,
    release_velocity: random() * 127,
  }));
}

/** Parse and print as the server does. */
function throughProtobuf(sequence: NoteSequence): NoteSequence {
  const python = join(dirname(PROGRAM), "python");
  const input = JSON.stringify(sequence);
  const output = execFileSync(python, ["-c", ECHO], {
    cwd: REPOSITORY,
    input,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output.toString()) as NoteSequence;
}

test("10,000 notes return from protobuf unchanged in all fields", () => {
  const notes = manyNotes(10_000, 1);
  const clock = { qpm: exactTempo(97.31), numerator: 7, denominator: 8 };
  const { sequence, sent } = encodeNotes(notes, clock);
  const back = decodeNotes(throughProtobuf(sequence), clock.qpm, sent);
  assert.deepEqual(back, notes);
});

test("without the sent notes, times are still exact", () => {
  const notes = manyNotes(10_000, 2);
  const { sequence } = encodeNotes(notes, { qpm: 240, numerator: 4, denominator: 4 });
  const back = decodeNotes(JSON.parse(JSON.stringify(sequence)), 240);
  notes.forEach((note, index) => {
    assert.equal(back[index]?.pitch, note.pitch);
    assert.equal(back[index]?.start_time, note.start_time);
    const end = (back[index]?.start_time ?? 0) + (back[index]?.duration ?? 0);
    const wanted = note.start_time + note.duration;
    assert.ok(Math.abs(end - wanted) <= 2 ** -52 * wanted, `note ${index}`);
  });
});

test("muted notes are not sent", () => {
  const notes: LiveNote[] = [
    { pitch: 60, start_time: 0, duration: 1, mute: 1 },
    { pitch: 62, start_time: 1, duration: 1, mute: 0 },
  ];
  const { sequence } = encodeNotes(notes, { qpm: 60, numerator: 4, denominator: 4 });
  assert.deepEqual(
    sequence.notes?.map((note) => note.pitch),
    [62],
  );
});

test("tempo, meter and a rest at the end are encoded", () => {
  const notes = [{ pitch: 60, start_time: 0, duration: 1 }];
  const { sequence } = encodeNotes(notes, { qpm: 120, numerator: 3, denominator: 8 }, 6);
  assert.deepEqual(sequence.tempos, [{ time: 0, qpm: 120 }]);
  assert.deepEqual(sequence.timeSignatures, [{ time: 0, numerator: 3, denominator: 8 }]);
  assert.equal(sequence.totalTime, 3);
});

test("velocities are whole numbers, and at least 1", () => {
  const velocities = [0, 0.4, 63.5, 126.9, 127];
  const notes = velocities.map((velocity) => ({ pitch: 60, start_time: 0, duration: 1, velocity }));
  const { sequence } = encodeNotes(notes, { qpm: 60, numerator: 4, denominator: 4 });
  assert.deepEqual(
    sequence.notes?.map((note) => note.velocity),
    [1, 1, 64, 127, 127],
  );
});

test("equal notes keep their own ids", () => {
  const twin = { pitch: 60, start_time: 0, duration: 1, velocity: 90 };
  const notes = [
    { ...twin, note_id: 7 },
    { ...twin, note_id: 8 },
  ];
  const { sequence, sent } = encodeNotes(notes, { qpm: 60, numerator: 4, denominator: 4 });
  assert.deepEqual(
    decodeNotes(sequence, 60, sent).map((note) => note.note_id),
    [7, 8],
  );
});

test("a changed note is new, and each sent note is used once", () => {
  const notes = [{ note_id: 7, pitch: 60, start_time: 0, duration: 1, velocity: 90 }];
  const { sequence, sent } = encodeNotes(notes, { qpm: 60, numerator: 4, denominator: 4 });
  const same = sequence.notes?.[0] ?? {};
  const back = decodeNotes({ notes: [same, same, { ...same, pitch: 61 }] }, 60, sent);
  assert.deepEqual(
    back.map((note) => note.note_id),
    [7, undefined, undefined],
  );
});

test("defaults that protobuf omits are decoded", () => {
  const back = decodeNotes({ notes: [{ endTime: 0.5, velocity: 80 }] }, 120);
  assert.deepEqual(back, [{ pitch: 0, start_time: 0, duration: 1, velocity: 80 }]);
});

test("start plus duration is the end", () => {
  const random = randomFrom(3);
  for (let round = 0; round < 1000; round += 1) {
    const start = random() * 10;
    const end = start + random();
    assert.ok(Math.abs(start + durationBetween(start, end) - end) <= 2 ** -52 * end);
  }
});
