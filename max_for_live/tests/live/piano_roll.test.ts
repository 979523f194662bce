import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "../../core/host/dict_codec.ts";
import type { RollNote } from "../../core/host/view.ts";
import { MaxWorld, V8Host } from "../../sim/v8_host.ts";
import { script } from "./fixture.ts";

const BOX: [number, number] = [200, 80];
const note = (pitch: number, start: number, primer: boolean): RollNote => ({
  pitch,
  start,
  duration: 1,
  velocity: 100,
  primer,
});

async function open(listOfOne: "list" | "element" = "list") {
  const world = new MaxWorld(listOfOne);
  world.colors.live_lcd_bg = [0, 0, 0, 1];
  world.colors.live_lcd_control_fg = [1, 0, 0, 1];
  world.colors.live_lcd_control_fg_zombie = [0, 0, 1, 1];
  const host = new V8Host(await script("roll"), world, { box: BOX });
  const show = (notes: RollNote[], length: number) => {
    world.dicts.open("roll");
    world.dicts.write("roll", encode({ notes }));
    host.send(0, "roll", length, "roll");
    return host.paint();
  };
  return { host, world, show };
}

/** Return left edge, top, width and height of each box of a color. */
function boxes(svg: string, color: string): number[][] {
  const paths = [...svg.matchAll(/<path d="M(\S+) (\S+)h(\S+)v([^h]+)h[^"]*" fill="([^"]+)"/g)];
  return paths
    .filter((path) => path[5] === color)
    .map((path) => path.slice(1, 5).map(Number))
    .filter((box) => box[2] !== 1);
}

test("primer and generated notes have different colors, and their positions", async () => {
  const { host, show } = await open();
  const svg = show([note(60, 0, true), note(64, 4, false), note(67, 6, false)], 8);
  const [primer, written] = [boxes(svg, "rgb(0,0,255)"), boxes(svg, "rgb(255,0,0)")];
  assert.deepEqual(
    primer.map((box) => box[0]),
    [0],
  );
  assert.deepEqual(
    written.map((box) => box[0]),
    [100, 150],
  );
  assert.ok((written[1]?.[1] ?? 0) < (written[0]?.[1] ?? 0), "a higher pitch is higher");
  assert.deepEqual(host.console, []);
});

test("all notes are within the box, for any number of pitches", async () => {
  const { show } = await open();
  for (const count of [1, 12, 128]) {
    const notes = Array.from({ length: count }, (_, pitch) => note(pitch, pitch % 4, false));
    for (const [x = 0, y = 0, width = 0, height = 0] of boxes(show(notes, 4), "rgb(255,0,0)")) {
      assert.ok(x >= 0 && x + width <= BOX[0] && y >= 0 && y + height <= BOX[1], `${count}: ${y}`);
    }
  }
});

test("new notes redraw the roll, and a click is passed on", async () => {
  const { host, show } = await open("element");
  const before = host.graphics.redraws;
  const svg = show([note(60, 0, false)], 4);
  assert.equal(boxes(svg, "rgb(255,0,0)").length, 1);
  assert.ok(host.graphics.redraws > before);
  host.click(5, 5);
  assert.deepEqual(host.from(0), [["bang"]]);
});

test("an empty roll, a missing dictionary and a Max without a theme give a picture", async () => {
  const { host, world } = await open();
  host.send(0, "roll", 4, "nowhere");
  assert.match(host.paint(), /<svg/);
  host.send(0, "roll", 0, "nowhere");
  assert.match(host.paint(), /<svg/);
  assert.deepEqual(host.console, []);
  assert.equal(world.dicts.contents.has("nowhere"), false, "no dictionary is created");
});
