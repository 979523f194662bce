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

/** An error in the patch or in the archive of a valid device. */
interface BrokenDevice {
  device?: string;
  patch?: (patcher: Raw, boxes: Raw[]) => void;
  files?: (device: Subject["device"]) => void;
  reports: RegExp;
}

const box = (boxes: Raw[], id: string): Raw => {
  const found = boxes.find((one) => one.varname === id || String(one.text).startsWith(id));
  assert.ok(found, `there is no box ${id}`);
  return found;
};

const live = (raw: Raw): Raw => (raw.saved_attribute_attributes as { valueof: Raw }).valueof;

const code = (boxes: Raw[]): Raw => boxes.find((one) => one.maxclass === "v8.codebox") as Raw;

const lines = (patcher: Raw) =>
  patcher.lines as { patchline: { source: [string, number]; destination: [string, number] } }[];

const addBox = (patcher: Raw, raw: Raw): void => {
  (patcher.boxes as { box: Raw }[]).push({ box: { id: "obj-999", ...raw } });
};

const ERRORS: Record<string, BrokenDevice[]> = {
  uniqueIds: [
    { patch: (_, boxes) => Object.assign(box(boxes, "go"), { id: "obj-1" }), reports: /id obj-1/ },
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { varname: "keep" }),
      reports: /name keep/,
    },
  ],
  noGlobalNames: [
    {
      patch: (patcher) => addBox(patcher, { maxclass: "newobj", text: "s notes" }),
      reports: /sends to every device/,
    },
  ],
  knownObjects: [
    {
      patch: (patcher) => addBox(patcher, { maxclass: "newobj", text: "midioutt" }),
      reports: /midioutt.*not in the table/,
    },
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { maxclass: "live.txt" }),
      reports: /go/,
    },
  ],
  savedPorts: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "pipe"), { numoutlets: 4 }),
      reports: /pipe.*has 4 inlets and 4 outlets in the file, but 4 and 3/,
    },
  ],
  cordEnds: [
    {
      patch: (patcher, boxes) =>
        lines(patcher).push({
          patchline: { source: [String(box(boxes, "midiin").id), 1], destination: ["obj-1", 0] },
        }),
      reports: /no outlet 1; Max would delete/,
    },
    {
      patch: (patcher) =>
        lines(patcher).push({ patchline: { source: ["obj-998", 0], destination: ["obj-1", 0] } }),
      reports: /there is no such box/,
    },
    {
      patch: (patcher, boxes) =>
        lines(patcher).push({
          patchline: { source: ["obj-1", 0], destination: [String(box(boxes, "midiout").id), 2] },
        }),
      reports: /no inlet 2/,
    },
  ],
  orderedFanOuts: [
    {
      patch: (patcher, boxes) =>
        lines(patcher).push({
          patchline: {
            source: [String(box(boxes, "midiin").id), 0],
            destination: [String(box(boxes, "midiout").id), 0],
          },
        }),
      reports: /midiin.*several cords/,
    },
  ],
  parameterNames: [
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_longname: "Bars" }),
      reports: /long name Bars/,
    },
    {
      patch: (_, boxes) =>
        Object.assign(live(box(boxes, "go")), { parameter_shortname: "Generating" }),
      reports: /go.*more than 8/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_shortname: "" }),
      reports: /without a long or short name/,
    },
  ],
  parameterRanges: [
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "bars")), { parameter_mmax: 1 }),
      reports: /bars.*empty range/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "bars")), { parameter_mmax: 500 }),
      reports: /bars.*more than 256/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_enum: ["Off"] }),
      reports: /go.*entries/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "bars")), { parameter_initial: [99] }),
      reports: /bars.*no default/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_initial_enable: 1 }),
      reports: /go.*at loading/,
    },
  ],
  parameterMapComplete: [
    {
      patch: (patcher, boxes) =>
        Reflect.deleteProperty(patcher.parameters as Raw, String(box(boxes, "bars").id)),
      reports: /not in the patch's map/,
    },
    {
      patch: (patcher) => Object.assign(patcher.parameters as Raw, { "obj-1": ["A", "A", 0] }),
      reports: /obj-1, which is not a parameter/,
    },
    {
      patch: (patcher, boxes) =>
        Object.assign(patcher.parameters as Raw, {
          [String(box(boxes, "bars").id)]: ["B", "B", 0],
        }),
      reports: /other names/,
    },
  ],
  bankSlots: [
    {
      patch: (patcher) => Object.assign(bank(patcher), { parameters: [] }),
      reports: /8 slots/,
    },
    {
      patch: (patcher) => {
        (bank(patcher).parameters as string[])[0] = "Go";
      },
      reports: /contains Go, which is not visible/,
    },
  ],
  infoTexts: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { annotation: "" }),
      reports: /go.*Info View/,
    },
  ],
  opensInPresentation: [
    {
      patch: (patcher) => Object.assign(patcher, { openinpresentation: 0 }),
      reports: /as a patch/,
    },
    { patch: (patcher) => Object.assign(patcher, { openrect: [0, 0, 640, 200] }), reports: /200/ },
  ],
  wholePixels: [
    {
      patch: (_, boxes) =>
        Object.assign(box(boxes, "go"), { presentation_rect: [90, 125.5, 9, 9] }),
      reports: /go.*125.5/,
    },
  ],
  insideDevice: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { presentation_rect: [600, 10, 41, 9] }),
      reports: /go.*extends outside/,
    },
  ],
  noOverlaps: [
    {
      patch: (_, boxes) => {
        const cancel = box(boxes, "cancel");
        box(boxes, "go").presentation_rect = cancel.presentation_rect;
      },
      reports: /go.*cancel.*overlap/,
    },
  ],
  textsFit: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "keep"), { text: "Keep This Candidate" }),
      reports: /keep.*needs \d+ pixels/,
    },
  ],
  projectBlock: [
    {
      patch: (patcher) => Reflect.deleteProperty(patcher, "project"),
      reports: /project block is missing/,
    },
    {
      patch: (patcher) => Object.assign(patcher.project as Raw, { amxdtype: 1851877223 }),
      reports: /1851877223, but the file is a mmmm/,
    },
    {
      patch: (patcher) => Object.assign(patcher.project as Raw, { autoorganize: 1 }),
      reports: /move its files/,
    },
  ],
  dependencies: [
    {
      patch: (patcher) => Object.assign(patcher, { dependency_cache: [] }),
      reports: /lacks magenta/,
    },
    { files: (device) => device.files.pop(), reports: /does not contain magenta/ },
    {
      files: (device) => {
        const last = device.files[1] as Subject["device"]["files"][0];
        device.files.push({ ...last, name: "more.js" });
      },
      reports: /contains more.js/,
    },
  ],
  scriptFlags: [
    {
      files: (device) => Object.assign(device.files[1] as object, { flag: FLAGS.embedded }),
      reports: /flag 0/,
    },
  ],
  bareScriptNames: [
    {
      patch: (_, boxes) =>
        Object.assign(box(boxes, "node.script"), {
          text: "node.script host/index.js @autostart 1",
        }),
      reports: /contains a path/,
    },
  ],
  parses: [
    {
      patch: (_, boxes) => Object.assign(code(boxes), { code: "let a = ;" }),
      reports: /not ES2020/,
    },
    { patch: (_, boxes) => Object.assign(code(boxes), { code: "a ??= 1" }), reports: /not ES2020/ },
  ],
  scriptPorts: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: String(code(boxes).code).replace("outlets = 6", "outlets = 5"),
        }),
      reports: /1 inlets and 5 outlets, its box 1 and 6/,
    },
  ],
  noForbiddenHandlers: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), { code: `${code(boxes).code}function stop() {}` }),
      reports: /function stop/,
    },
  ],
  handledMessages: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: String(code(boxes).code).replace("function note_in", "function note_im"),
        }),
      reports: /no function for "note_in"/,
    },
    {
      device: "Magenta Bridge Generator",
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: String(code(boxes).code).replace("function dictionary", "function dict"),
        }),
      reports: /no function for "dictionary"/,
    },
  ],
  routedMessages: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), { code: `${code(boxes).code}outlet(3, "notes", 60);` }),
      reports: /"notes" to outlet 3/,
    },
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: `${code(boxes).code}var OUT = { misc: 5 }; outlet(OUT.misc, ["choose"]);`,
        }),
      reports: /"choose" to outlet 5/,
    },
  ],
  deferred: [
    {
      patch: (patcher, boxes) =>
        lines(patcher).push({
          patchline: {
            source: [String(box(boxes, "live_ready").id), 0],
            destination: [String(code(boxes).id), 0],
          },
        }),
      reports: /live_ready.*deferlow/,
    },
  ],
  respondsImmediately: [
    {
      device: "Magenta Bridge Transformation",
      patch: (patcher) => addBox(patcher, { maxclass: "newobj", text: "deferlow" }),
      reports: /delays/,
    },
  ],
};

function bank(patcher: Raw): Raw {
  return ((patcher.parameters as Raw).parameterbanks as Record<string, Raw>)["0"] as Raw;
}

function broken({ device: name = "Magenta Bridge", patch, files }: BrokenDevice): Subject {
  const device = readDevice(singleFile(planOf(name)).bytes);
  const json = readPatch(device);
  const patcher = json.patcher as Raw;
  patch?.(
    patcher,
    (patcher.boxes as { box: Raw }[]).map((one) => one.box),
  );
  const [first, ...rest] = device.files;
  device.files = [{ ...(first as (typeof device.files)[0]), data: patchBytes(json) }, ...rest];
  files?.(device);
  return subjectOf(writeFrozen(device.type, device.files));
}

for (const [name, examples] of Object.entries(ERRORS)) {
  for (const example of examples) {
    test(`${name} reports ${example.reports}`, () => {
      const rule = RULES[name];
      assert.ok(rule);
      const problems = rule(broken(example));
      assert.match(problems.join("\n"), example.reports);
    });
  }
}

test("every rule has a test", () => {
  assert.deepEqual(Object.keys(ERRORS).sort(), Object.keys(RULES).sort());
});
