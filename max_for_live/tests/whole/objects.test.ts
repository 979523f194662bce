import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedDevice, World } from "../../sim/objects/device.ts";
import { type BoxSpec, buildPatch } from "./patch_builder.ts";

/** An object that accepts input, at a position. */
const SINK = (id: string, x = 0): BoxSpec => ({ id, maxclass: "comment", outlets: 0, x });

function open(boxes: BoxSpec[], cords: string[]) {
  const world = new World();
  const device = new SimulatedDevice(buildPatch(boxes, cords), world);
  return { clock: world.clock, world, device };
}

/** Send messages to an object, and return the lines that `print` writes. */
function printed(object: BoxSpec, messages: string[], inlet = 0): string[] {
  const sinks = Array.from({ length: object.outlets ?? 1 }, (_, index) => index);
  const { world, device, clock } = open(
    [
      object,
      ...messages.map((text, index) => ({
        id: `send${index}`,
        maxclass: "message",
        text,
        inlets: 2,
      })),
      ...sinks.map((index) => ({ id: `ear${index}`, text: `prepend ${index}` })),
      { id: "print", text: "print", outlets: 0 },
    ],
    [
      ...messages.map((_, index) => `send${index} 0 -> ${object.id} ${inlet}`),
      ...sinks.flatMap((index) => [
        `${object.id} ${index} -> ear${index} 0`,
        `ear${index} 0 -> print 0`,
      ]),
    ],
  );
  messages.forEach((_, index) => {
    world.main.run(() => device.patch.deliver(`send${index}`, 0, { selector: "bang", args: [] }));
  });
  clock.advance(10_000);
  return world.console.map((line) => line.replace(/^.*printed: /, ""));
}

const cases: [string, BoxSpec, string[], string[]][] = [
  [
    "trigger outputs from right to left",
    { id: "x", text: "t b i l hello", outlets: 4 },
    ["3.7 4"],
    ["3 hello", "2 3.7 4", "1 3", "0 bang"],
  ],
  [
    "route removes the first word, and passes on unknown messages",
    { id: "x", text: "route set note 5", inlets: 4, outlets: 4 },
    ["set 1 2", "note C 3", "5 6", "set", "other 1"],
    ["0 1 2", "1 C 3", "2 6", "0 bang", "3 other 1"],
  ],
  [
    "select bangs for an equal value",
    { id: "x", text: "sel 1 off", inlets: 3, outlets: 3 },
    ["1", "off", "2"],
    ["0 bang", "1 bang", "2 2"],
  ],
  [
    "prepend",
    { id: "x", text: "prepend control seed" },
    ["5", "a b"],
    ["0 control seed 5", "0 control seed a b"],
  ],
  [
    "a message box replaces arguments and outputs each part",
    { id: "x", maxclass: "message", text: "b $2, a $1", inlets: 2 },
    ["7 8"],
    ["0 b 8", "0 a 7"],
  ],
  [
    "makenote ends each note, and stop ends all",
    { id: "x", text: "makenote 100 500", inlets: 3, outlets: 2 },
    ["60 90 250", "64 80", "stop", "62 70"],
    ["1 90", "0 60", "1 80", "0 64", "1 0", "0 60", "1 0", "0 64", "1 70", "0 62", "1 0", "0 62"],
  ],
  [
    "pipe delays each list by its own time, and clear cancels",
    { id: "x", text: "pipe 0 0 100", inlets: 3, outlets: 2 },
    ["1 2 300", "3 4 200", "clear", "5 6 30", "7 8 20"],
    ["1 8", "0 7", "1 6", "0 5"],
  ],
  [
    "midiformat makes bytes",
    { id: "x", text: "midiformat", inlets: 7, outlets: 2 },
    ["60 100"],
    ["1 midievent 144 60 100", "0 144", "0 60", "0 100"],
  ],
  [
    "midiparse parses bytes, with running status and note-offs",
    { id: "x", text: "midiparse", outlets: 8 },
    ["144", "60", "100", "62", "0", "248", "129", "64", "1"],
    ["6 1", "0 60 100", "6 1", "0 62 0", "6 2", "0 64 0"],
  ],
  [
    "midiflush ends sounding notes, once",
    { id: "x", text: "midiflush" },
    ["144", "60", "100", "144", "62", "9", "128", "62", "0", "bang", "bang"],
    [
      "0 144",
      "0 60",
      "0 100",
      "0 144",
      "0 62",
      "0 9",
      "0 128",
      "0 62",
      "0 0",
      "0 144",
      "0 60",
      "0 0",
    ],
  ],
  [
    "an unsupported message is an error",
    { id: "x", text: "midiflush" },
    ["hello 1"],
    ['midiflush (x): inlet 0 does not understand "hello 1"'],
  ],
];

for (const [name, object, messages, expected] of cases) {
  test(name, () => assert.deepEqual(printed(object, messages), expected));
}

test("a gate passes messages to the chosen outlet", () => {
  const { world, device } = open(
    [
      { id: "gate", text: "gate 2", inlets: 2, outlets: 2 },
      { id: "a", text: "prepend a" },
      { id: "b", text: "prepend b" },
      { id: "print", text: "print", outlets: 0 },
    ],
    ["gate 0 -> a 0", "gate 1 -> b 0", "a 0 -> print 0", "b 0 -> print 0"],
  );
  for (const open of [0, 2, 1]) {
    device.patch.deliver("gate", 0, { selector: "int", args: [open] });
    device.patch.deliver("gate", 1, { selector: "int", args: [5] });
  }
  assert.deepEqual(
    world.console.map((line) => line.replace(/^.*: /, "")),
    ["b 5", "a 5"],
  );
});

test("a message reaches boxes from right to left, and deferred messages come last", () => {
  const { world, device } = open(
    [
      { id: "from", text: "t l" },
      { id: "left", text: "prepend left", x: 10 },
      { id: "put", text: "deferlow", x: 20 },
      { id: "off", text: "prepend off", x: 0 },
      { id: "right", text: "prepend right", x: 30 },
      { id: "print", text: "print", outlets: 0 },
    ],
    [
      "from 0 -> left 0",
      "from 0 -> put 0",
      "from 0 -> right 0",
      "put 0 -> off 0",
      "left 0 -> print 0",
      "off 0 -> print 0",
      "right 0 -> print 0",
    ],
  );
  world.main.run(() => device.patch.deliver("from", 0, { selector: "int", args: [1] }));
  assert.deepEqual(
    world.console.map((line) => line.replace(/^.*: /, "")),
    ["right 1", "left 1", "off 1"],
  );
});

test("missing ports and objects are errors, and so is an endless loop", () => {
  const { world } = open(
    [{ id: "a", text: "nonsense 1" }, SINK("b")],
    ["a 1 -> b 0", "a 0 -> b 1", "a 0 -> c 0"],
  );
  assert.equal(world.console.length, 4);
  assert.match(world.console[0] ?? "", /no such object/);
  const loop = open([{ id: "a", text: "t l" }], ["a 0 -> a 0"]);
  assert.throws(
    () => loop.device.patch.deliver("a", 0, { selector: "bang", args: [] }),
    /Stack overflow/,
  );
});

const parameter = (
  longname: string,
  valueof: Record<string, unknown>,
): Record<string, unknown> => ({
  parameter_enable: 1,
  saved_attribute_attributes: { valueof: { parameter_longname: longname, ...valueof } },
});

const DIAL: BoxSpec = {
  id: "bars",
  maxclass: "live.numbox",
  outlets: 2,
  more: parameter("Bars", {
    parameter_type: 1,
    parameter_mmin: 1,
    parameter_mmax: 64,
    parameter_initial: [4],
    parameter_initial_enable: 1,
  }),
};
const MENU: BoxSpec = {
  id: "menu",
  maxclass: "live.menu",
  outlets: 3,
  more: parameter("Menu", {
    parameter_type: 2,
    parameter_enum: ["a", "b"],
    parameter_invisible: 2,
  }),
};
const BUTTON: BoxSpec = {
  id: "go",
  maxclass: "live.text",
  outlets: 2,
  more: { ...parameter("Go", { parameter_type: 2 }), mode: 0, text: "Go" },
};
const PANEL: BoxSpec[] = [
  DIAL,
  MENU,
  BUTTON,
  { id: "deliver", text: "prepend bars" },
  { id: "went", text: "prepend went" },
  { id: "this", text: "live.thisdevice", outlets: 3 },
  { id: "ready", text: "prepend ready" },
  { id: "patcher", text: "thispatcher", outlets: 2 },
  { id: "hide", maxclass: "message", text: "script sendbox go hidden $1", inlets: 2 },
  { id: "print", text: "print", outlets: 0 },
];
const WIRES = [
  "bars 0 -> deliver 0",
  "deliver 0 -> print 0",
  "go 0 -> went 0",
  "went 0 -> print 0",
  "this 0 -> ready 0",
  "ready 0 -> print 0",
  "hide 0 -> patcher 0",
];

test("controls output their values at loading, before the bang of live.thisdevice", () => {
  const first = open(PANEL, WIRES);
  first.device.load();
  first.device.turn("bars", 99);
  first.device.choose("menu", "b");
  first.device.click("go");
  const messages = (lines: string[]): string[] => lines.map((line) => line.replace(/^.*: /, ""));
  assert.deepEqual(messages(first.world.console), ["bars 4", "ready bang", "bars 64", "went bang"]);
  const kept = first.device.save();
  assert.deepEqual(kept, { Bars: [64], Go: [0] });
  const second = open(PANEL, WIRES);
  second.device.load(kept);
  assert.deepEqual(messages(second.world.console), ["bars 64", "ready bang"]);
  assert.equal(second.device.value("menu"), 0);
});

test("a hidden or gray control cannot be clicked", () => {
  const { device, world } = open(PANEL, WIRES);
  const deliver = (id: string, selector: string, args: (string | number)[]): void =>
    world.main.run(() => device.patch.deliver(id, 0, { selector, args }));
  deliver("hide", "int", [1]);
  assert.throws(() => device.click("go"), /hidden/);
  deliver("hide", "int", [0]);
  deliver("go", "active", [0]);
  assert.throws(() => device.click("go"), /gray/);
  deliver("go", "active", [1]);
  device.click("go");
  assert.equal(world.console.length, 1);
});

test("an empty range and an invalid value are errors", () => {
  const { device, world } = open(PANEL, WIRES);
  for (const [selector, args] of [
    ["_parameter_range", [4, 4]],
    ["set", ["x"]],
    ["nonsense", []],
  ] as const) {
    world.main.run(() => device.patch.deliver("bars", 0, { selector, args: [...args] }));
  }
  assert.equal(world.console.length, 3);
  world.main.run(() =>
    device.patch.deliver("menu", 0, { selector: "_parameter_range", args: ["x", "y"] }),
  );
  assert.equal(device.text("menu"), "x");
  assert.equal(world.console.length, 3);
});
