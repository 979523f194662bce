import assert from "node:assert/strict";
import { test } from "node:test";
import { FLAGS, patchBytes, readDevice, readPatch, writeFrozen } from "../../patch/container.ts";
import { looseFiles, singleFile } from "../../patch/freeze.ts";
import { type Raw, type Subject, subjectOf } from "../../patch/validate/subject.ts";
import { RULES, validate } from "../../patch/validate/validate.ts";
import { planOf, stubPlans } from "./devices.ts";

for (const plan of stubPlans()) {
  test(`${plan.name} keeps every rule, as one file and with its files beside it`, () => {
    const [loose] = looseFiles(plan);
    assert.deepEqual(validate(singleFile(plan).bytes), []);
    const beside = plan.files.map((file) => file.name);
    assert.deepEqual(validate((loose as { bytes: Buffer }).bytes, beside), []);
  });
}

/** A fault, put into the patch or into the archive of a device that is sound. */
interface Fault {
  device?: string;
  patch?: (patcher: Raw, boxes: Raw[]) => void;
  files?: (device: Subject["device"]) => void;
  says: RegExp;
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

const FAULTS: Record<string, Fault[]> = {
  uniqueIds: [
    { patch: (_, boxes) => Object.assign(box(boxes, "go"), { id: "obj-1" }), says: /id obj-1/ },
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { varname: "keep" }),
      says: /name keep/,
    },
  ],
  noGlobalNames: [
    {
      patch: (patcher) => addBox(patcher, { maxclass: "newobj", text: "s notes" }),
      says: /speaks to every device/,
    },
  ],
  knownObjects: [
    {
      patch: (patcher) => addBox(patcher, { maxclass: "newobj", text: "midioutt" }),
      says: /midioutt.*no object in the table/,
    },
    { patch: (_, boxes) => Object.assign(box(boxes, "go"), { maxclass: "live.txt" }), says: /go/ },
  ],
  savedPorts: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "pipe"), { numoutlets: 4 }),
      says: /pipe.*says 4 inlets and 4 outlets, but has 4 and 3/,
    },
  ],
  cordEnds: [
    {
      patch: (patcher, boxes) =>
        lines(patcher).push({
          patchline: { source: [String(box(boxes, "midiin").id), 1], destination: ["obj-1", 0] },
        }),
      says: /no outlet 1; Max would delete/,
    },
    {
      patch: (patcher) =>
        lines(patcher).push({ patchline: { source: ["obj-998", 0], destination: ["obj-1", 0] } }),
      says: /there is no such box/,
    },
    {
      patch: (patcher, boxes) =>
        lines(patcher).push({
          patchline: { source: ["obj-1", 0], destination: [String(box(boxes, "midiout").id), 2] },
        }),
      says: /no inlet 2/,
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
      says: /midiin.*several cords/,
    },
  ],
  parameterNames: [
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_longname: "Bars" }),
      says: /long name Bars/,
    },
    {
      patch: (_, boxes) =>
        Object.assign(live(box(boxes, "go")), { parameter_shortname: "Generating" }),
      says: /go.*more than 8/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_shortname: "" }),
      says: /without a long or short name/,
    },
  ],
  parameterRanges: [
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "bars")), { parameter_mmax: 1 }),
      says: /bars.*no width/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "bars")), { parameter_mmax: 500 }),
      says: /bars.*more than 256/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_enum: ["Off"] }),
      says: /go.*entries/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "bars")), { parameter_initial: [99] }),
      says: /bars.*no default/,
    },
    {
      patch: (_, boxes) => Object.assign(live(box(boxes, "go")), { parameter_initial_enable: 1 }),
      says: /go.*speak up at loading/,
    },
  ],
  parameterMapComplete: [
    {
      patch: (patcher, boxes) =>
        Reflect.deleteProperty(patcher.parameters as Raw, String(box(boxes, "bars").id)),
      says: /not in the patch's map/,
    },
    {
      patch: (patcher) => Object.assign(patcher.parameters as Raw, { "obj-1": ["A", "A", 0] }),
      says: /obj-1, which is no parameter/,
    },
    {
      patch: (patcher, boxes) =>
        Object.assign(patcher.parameters as Raw, {
          [String(box(boxes, "bars").id)]: ["B", "B", 0],
        }),
      says: /other names/,
    },
  ],
  bankSlots: [
    {
      patch: (patcher) => Object.assign(bank(patcher), { parameters: [] }),
      says: /8 slots/,
    },
    {
      patch: (patcher) => {
        (bank(patcher).parameters as string[])[0] = "Go";
      },
      says: /names Go, which Push does not see/,
    },
  ],
  infoTexts: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { annotation: "" }),
      says: /go.*Info View/,
    },
  ],
  opensInPresentation: [
    { patch: (patcher) => Object.assign(patcher, { openinpresentation: 0 }), says: /as a patch/ },
    { patch: (patcher) => Object.assign(patcher, { openrect: [0, 0, 640, 200] }), says: /200/ },
  ],
  wholePixels: [
    {
      patch: (_, boxes) =>
        Object.assign(box(boxes, "go"), { presentation_rect: [90, 125.5, 9, 9] }),
      says: /go.*125.5/,
    },
  ],
  insideDevice: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "go"), { presentation_rect: [600, 10, 41, 9] }),
      says: /go.*reaches out/,
    },
  ],
  noOverlaps: [
    {
      patch: (_, boxes) => {
        const cancel = box(boxes, "cancel");
        box(boxes, "go").presentation_rect = cancel.presentation_rect;
      },
      says: /go.*cancel.*overlap/,
    },
  ],
  textsFit: [
    {
      patch: (_, boxes) => Object.assign(box(boxes, "keep"), { text: "Keep This Candidate" }),
      says: /keep.*needs \d+ pixels/,
    },
  ],
  projectBlock: [
    { patch: (patcher) => Reflect.deleteProperty(patcher, "project"), says: /no project block/ },
    {
      patch: (patcher) => Object.assign(patcher.project as Raw, { amxdtype: 1851877223 }),
      says: /1851877223, but the file is a mmmm/,
    },
    {
      patch: (patcher) => Object.assign(patcher.project as Raw, { autoorganize: 1 }),
      says: /move its files/,
    },
  ],
  dependencies: [
    { patch: (patcher) => Object.assign(patcher, { dependency_cache: [] }), says: /lacks magenta/ },
    { files: (device) => device.files.pop(), says: /does not carry magenta/ },
    {
      files: (device) => {
        const last = device.files[1] as Subject["device"]["files"][0];
        device.files.push({ ...last, name: "more.js" });
      },
      says: /carries more.js/,
    },
  ],
  scriptFlags: [
    {
      files: (device) => Object.assign(device.files[1] as object, { flag: FLAGS.embedded }),
      says: /flag 0/,
    },
  ],
  bareScriptNames: [
    {
      patch: (_, boxes) =>
        Object.assign(box(boxes, "node.script"), {
          text: "node.script host/index.js @autostart 1",
        }),
      says: /names a path/,
    },
  ],
  parses: [
    {
      patch: (_, boxes) => Object.assign(code(boxes), { code: "let a = ;" }),
      says: /no JavaScript/,
    },
    { patch: (_, boxes) => Object.assign(code(boxes), { code: "a ??= 1" }), says: /of 2020/ },
  ],
  scriptPorts: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: String(code(boxes).code).replace("outlets = 6", "outlets = 5"),
        }),
      says: /1 inlets and 5 outlets, its box 1 and 6/,
    },
  ],
  noForbiddenHandlers: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), { code: `${code(boxes).code}function stop() {}` }),
      says: /function stop/,
    },
  ],
  handledMessages: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: String(code(boxes).code).replace("function note_in", "function note_im"),
        }),
      says: /no function for "note_in"/,
    },
    {
      device: "Magenta Bridge Generator",
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: String(code(boxes).code).replace("function dictionary", "function dict"),
        }),
      says: /no function for "dictionary"/,
    },
  ],
  routedMessages: [
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), { code: `${code(boxes).code}outlet(3, "notes", 60);` }),
      says: /"notes" at outlet 3/,
    },
    {
      patch: (_, boxes) =>
        Object.assign(code(boxes), {
          code: `${code(boxes).code}var OUT = { misc: 5 }; outlet(OUT.misc, ["choose"]);`,
        }),
      says: /"choose" at outlet 5/,
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
      says: /live_ready.*deferlow/,
    },
  ],
  respondsImmediately: [
    {
      device: "Magenta Bridge Transformation",
      patch: (patcher) => addBox(patcher, { maxclass: "newobj", text: "deferlow" }),
      says: /puts off/,
    },
  ],
};

function bank(patcher: Raw): Raw {
  return ((patcher.parameters as Raw).parameterbanks as Record<string, Raw>)["0"] as Raw;
}

function broken({ device: name = "Magenta Bridge", patch, files }: Fault): Subject {
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

for (const [name, faults] of Object.entries(FAULTS)) {
  for (const fault of faults) {
    test(`${name} finds a device of which it says ${fault.says}`, () => {
      const rule = RULES[name];
      assert.ok(rule);
      const problems = rule(broken(fault));
      assert.match(problems.join("\n"), fault.says);
    });
  }
}

test("every rule has a device that breaks it", () => {
  assert.deepEqual(Object.keys(FAULTS).sort(), Object.keys(RULES).sort());
});
