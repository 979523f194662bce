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

/** Left edge, top, width and height of what was filled in that color. */
function boxes(svg: string, color: string): number[][] {
  const paths = [...svg.matchAll(/<path d="M(\S+) (\S+)h(\S+)v([^h]+)h[^"]*" fill="([^"]+)"/g)];
  return paths
    .filter((path) => path[5] === color)
    .map((path) => path.slice(1, 5).map(Number))
    .filter((box) => box[2] !== 1);
}

test("the primer and what was written differ in color, and stand in their places", async () => {
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
  assert.ok((written[1]?.[1] ?? 0) < (written[0]?.[1] ?? 0), "higher is higher");
  assert.deepEqual(host.console, []);
});

test("everything lies within the box, however many pitches there are", async () => {
  const { show } = await open();
  for (const count of [1, 12, 128]) {
    const notes = Array.from({ length: count }, (_, pitch) => note(pitch, pitch % 4, false));
    for (const [x = 0, y = 0, width = 0, height = 0] of boxes(show(notes, 4), "rgb(255,0,0)")) {
      assert.ok(x >= 0 && x + width <= BOX[0] && y >= 0 && y + height <= BOX[1], `${count}: ${y}`);
    }
  }
});

test("it is drawn anew when notes come, and a click is handed on", async () => {
  const { host, show } = await open("element");
  const before = host.graphics.redraws;
  const svg = show([note(60, 0, false)], 4);
  assert.equal(boxes(svg, "rgb(255,0,0)").length, 1);
  assert.ok(host.graphics.redraws > before);
  host.click(5, 5);
  assert.deepEqual(host.from(0), [["bang"]]);
});

test("nothing to show, a dictionary that is gone, a Max without theme: still a picture", async () => {
  const { host, world } = await open();
  host.send(0, "roll", 4, "nowhere");
  assert.match(host.paint(), /<svg/);
  host.send(0, "roll", 0, "nowhere");
  assert.match(host.paint(), /<svg/);
  assert.deepEqual(host.console, []);
  assert.equal(world.dicts.contents.has("nowhere"), false, "it leaves no dictionary behind");
});
