import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAGS, patchBytes, readDevice, readPatch, writeFrozen } from "../../patch/container.ts";
import { looseFiles, singleFile } from "../../patch/freeze.ts";
import { type Raw, type Subject, subjectOf } from "../../patch/validate/subject.ts";
import { RULES, validate } from "../../patch/validate/validate.ts";
import { planOf, stubPlans } from "./devices.ts";

for (const plan of stubPlans()) {
  test(`${plan.name} follows every rule, in both forms`, () => {
    const [loose] = looseFiles(plan);
    assert.deepEqual(validate(singleFile(plan).bytes), []);
    const beside = plan.files.map((file) => file.name);
    assert.deepEqual(validate((loose as { bytes: Buffer }).bytes, beside), []);
  });
}

interface Parts {
  patcher: Raw;
  boxes: Raw[];
  device: Subject["device"];
}
/** Makes a valid device invalid. */
type Change = (parts: Parts) => unknown;
type Example = [change: Change, reports: RegExp, device?: string];

const box = (boxes: Raw[], id: string): Raw => {
  const found = boxes.find((one) => one.varname === id || String(one.text).startsWith(id));
  assert.ok(found, `there is no box ${id}`);
  return found;
};
const bank = (patcher: Raw): Raw =>
  ((patcher.parameters as Raw).parameterbanks as Record<string, Raw>)["0"] as Raw;
const codeBox = (boxes: Raw[]): Raw => boxes.find((one) => one.maxclass === "v8.codebox") as Raw;

const attributes =
  (id: string, values: Raw): Change =>
  ({ boxes }) =>
    Object.assign(box(boxes, id), values);
const parameter =
  (id: string, values: Raw): Change =>
  ({ boxes }) =>
    Object.assign((box(boxes, id).saved_attribute_attributes as { valueof: Raw }).valueof, values);
const patcher =
  (values: Raw): Change =>
  (parts) =>
    Object.assign(parts.patcher, values);
const project =
  (values: Raw): Change =>
  (parts) =>
    Object.assign(parts.patcher.project as Raw, values);
const addBox =
  (raw: Raw): Change =>
  (parts) =>
    (parts.patcher.boxes as { box: Raw }[]).push({ box: { id: "obj-999", ...raw } });
const addObject = (text: string) => addBox({ maxclass: "newobj", text });
/** Ends are ids, or names of boxes. */
const addCord =
  (from: string, outlet: number, to: string, inlet: number): Change =>
  (parts) => {
    const idOf = (end: string) => (/^obj-/.test(end) ? end : String(box(parts.boxes, end).id));
    const patchline = { source: [idOf(from), outlet], destination: [idOf(to), inlet] };
    (parts.patcher.lines as object[]).push({ patchline });
  };
const code =
  (change: (code: string) => string): Change =>
  ({ boxes }) =>
    Object.assign(codeBox(boxes), { code: change(String(codeBox(boxes).code)) });
const replaced = (from: string, to: string) => code((text) => text.replace(from, to));
const appended = (more: string) => code((text) => text + more);

const GENERATOR = "Magenta Bridge Generator";
const EXAMPLES: Record<string, Example[]> = {
  uniqueIds: [
    [attributes("go", { id: "obj-1" }), /id obj-1/],
    [attributes("go", { varname: "keep" }), /name keep/],
  ],
  noGlobalNames: [[addObject("s notes"), /sends to every device/]],
  knownObjects: [
    [addObject("midioutt"), /midioutt.*not in the table/],
    [attributes("go", { maxclass: "live.txt" }), /go/],
  ],
  savedPorts: [
    [
      attributes("pipe", { numoutlets: 4 }),
      /pipe.*has 4 inlets and 4 outlets in the file, but 4 and 3/,
    ],
  ],
  cordEnds: [
    [addCord("midiin", 1, "obj-1", 0), /no outlet 1; Max would delete/],
    [addCord("obj-998", 0, "obj-1", 0), /there is no such box/],
    [addCord("obj-1", 0, "midiout", 2), /no inlet 2/],
  ],
  orderedFanOuts: [[addCord("midiin", 0, "midiout", 0), /midiin.*several cords/]],
  parameterNames: [
    [parameter("go", { parameter_longname: "Bars" }), /long name Bars/],
    [parameter("go", { parameter_shortname: "Generating" }), /go.*more than 8/],
    [parameter("go", { parameter_shortname: "" }), /without a long or short name/],
  ],
  parameterRanges: [
    [parameter("bars", { parameter_mmax: 1 }), /bars.*empty range/],
    [parameter("bars", { parameter_mmax: 500 }), /bars.*more than 256/],
    [parameter("go", { parameter_enum: ["Off"] }), /go.*entries/],
    [parameter("bars", { parameter_initial: [99] }), /bars.*no default/],
    [parameter("go", { parameter_initial_enable: 1 }), /go.*at loading/],
  ],
  parameterMapComplete: [
    [
      ({ patcher, boxes }) =>
        Reflect.deleteProperty(patcher.parameters as Raw, String(box(boxes, "bars").id)),
      /not in the patch's map/,
    ],
    [
      ({ patcher }) => Object.assign(patcher.parameters as Raw, { "obj-1": ["A", "A", 0] }),
      /obj-1, which is not a parameter/,
    ],
    [
      ({ patcher, boxes }) =>
        Object.assign(patcher.parameters as Raw, {
          [String(box(boxes, "bars").id)]: ["B", "B", 0],
        }),
      /other names/,
    ],
  ],
  bankSlots: [
    [({ patcher }) => Object.assign(bank(patcher), { parameters: [] }), /8 slots/],
    [
      ({ patcher }) => Object.assign(bank(patcher).parameters as string[], { 0: "Go" }),
      /contains Go, which is not visible/,
    ],
  ],
  infoTexts: [[attributes("go", { annotation: "" }), /go.*Info View/]],
  opensInPresentation: [
    [patcher({ openinpresentation: 0 }), /as a patch/],
    [patcher({ openrect: [0, 0, 640, 200] }), /200/],
  ],
  wholePixels: [[attributes("go", { presentation_rect: [90, 125.5, 9, 9] }), /go.*125.5/]],
  insideDevice: [
    [attributes("go", { presentation_rect: [600, 10, 41, 9] }), /go.*extends outside/],
  ],
  noOverlaps: [
    [
      ({ boxes }) =>
        Object.assign(box(boxes, "go"), {
          presentation_rect: box(boxes, "cancel").presentation_rect,
        }),
      /go.*cancel.*overlap/,
    ],
  ],
  textsFit: [[attributes("keep", { text: "Keep This Candidate" }), /keep.*needs \d+ pixels/]],
  projectBlock: [
    [({ patcher }) => Reflect.deleteProperty(patcher, "project"), /project block is missing/],
    [project({ amxdtype: 1851877223 }), /1851877223, but the file is a mmmm/],
    [project({ autoorganize: 1 }), /move its files/],
  ],
  dependencies: [
    [patcher({ dependency_cache: [] }), /lacks magenta/],
    [({ device }) => device.files.pop(), /does not contain magenta/],
    [
      ({ device }) => {
        const last = device.files[1] as Subject["device"]["files"][0];
        device.files.push({ ...last, name: "more.js" });
      },
      /contains more.js/,
    ],
  ],
  scriptFlags: [
    [({ device }) => Object.assign(device.files[1] as object, { flag: FLAGS.embedded }), /flag 0/],
  ],
  bareScriptNames: [
    [
      attributes("node.script", { text: "node.script host/index.js @autostart 1" }),
      /contains a path/,
    ],
  ],
  parses: [
    [code(() => "let a = ;"), /not ES2020/],
    [code(() => "a ??= 1"), /not ES2020/],
  ],
  scriptPorts: [
    [replaced("outlets = 6", "outlets = 5"), /1 inlets and 5 outlets, its box 1 and 6/],
  ],
  noForbiddenHandlers: [[appended("function stop() {}"), /function stop/]],
  handledMessages: [
    [replaced("function note_in", "function note_im"), /no function for "note_in"/],
    [replaced("function dictionary", "function dict"), /no function for "dictionary"/, GENERATOR],
  ],
  routedMessages: [
    [appended('outlet(3, "notes", 60);'), /"notes" to outlet 3/],
    [appended('var OUT = { misc: 5 }; outlet(OUT.misc, ["choose"]);'), /"choose" to outlet 5/],
  ],
  deferred: [
    [
      (parts) => addCord("live_ready", 0, String(codeBox(parts.boxes).id), 0)(parts),
      /live_ready.*deferlow/,
    ],
  ],
  respondsImmediately: [[addObject("deferlow"), /delays/, GENERATOR]],
};

function broken(change: Change, name = "Magenta Bridge"): Subject {
  const device = readDevice(singleFile(planOf(name)).bytes);
  const json = readPatch(device);
  const patcher = json.patcher as Raw;
  const boxes = (patcher.boxes as { box: Raw }[]).map((one) => one.box);
  change({ patcher, boxes, device });
  (device.files[0] as (typeof device.files)[0]).data = patchBytes(json);
  return subjectOf(writeFrozen(device.type, device.files));
}

for (const [name, examples] of Object.entries(EXAMPLES)) {
  for (const [change, reports, device] of examples) {
    test(`${name} reports ${reports}`, () => {
      const rule = RULES[name];
      assert.ok(rule);
      assert.match(rule(broken(change, device)).join("\n"), reports);
    });
  }
}

test("every rule has a test", () => {
  assert.deepEqual(Object.keys(EXAMPLES).sort(), Object.keys(RULES).sort());
});
