/** Everything that the build writes, as bytes: tests compare it with what is committed. */

import { type DevicePlan, patchJson } from "../patch/device.ts";
import { type BuiltFile, looseFiles, singleFile } from "../patch/freeze.ts";
import { drawView, toPng } from "../patch/render/picture.ts";
import { THEMES } from "../patch/render/theme.ts";
import { VIEWS } from "../patch/render/views.ts";
import { validate } from "../patch/validate/validate.ts";
import { plans } from "./plans.ts";
import { bundleScripts } from "./scripts.ts";

/** An Error lists what the validator found. */
export async function buildAll(): Promise<BuiltFile[]> {
  const devices = plans(await bundleScripts());
  devices.forEach(rejectFaults);
  return [...deviceFiles(devices), ...pictures(devices)];
}

export function deviceFiles(devices: DevicePlan[]): BuiltFile[] {
  return [
    ...into("dist", devices.map(singleFile)),
    ...into("dist/folder", devices.flatMap(looseFiles)),
  ];
}

export function pictures(devices: DevicePlan[]): BuiltFile[] {
  return into(
    "renders",
    [...drawings(devices)].flatMap(({ name, svg }) => [
      { name: `${name}.svg`, bytes: Buffer.from(svg, "utf8") },
      { name: `${name}.png`, bytes: toPng(svg) },
    ]),
  );
}

function* drawings(devices: DevicePlan[]): Generator<{ name: string; svg: string }> {
  for (const view of VIEWS) {
    const plan = devices.find((device) => device.name === view.device) as DevicePlan;
    const patch = patchJson(plan) as Record<string, unknown>;
    for (const theme of THEMES) {
      yield { name: `${view.name}-${theme.name}`, svg: drawView(patch, view, theme) };
    }
  }
}

function into(folder: string, files: BuiltFile[]): BuiltFile[] {
  return files.map((file) => ({ ...file, name: `${folder}/${file.name}` }));
}

function rejectFaults(plan: DevicePlan): void {
  const [loose] = looseFiles(plan);
  const beside = plan.files.map((file) => file.name);
  const faults = [
    ...validate(singleFile(plan).bytes),
    ...validate((loose as BuiltFile).bytes, beside),
  ];
  if (faults.length > 0) {
    throw new Error(`${plan.name} is not as it should be:\n${[...new Set(faults)].join("\n")}`);
  }
}
