/** Everything that the build writes, as bytes; tests compare it with the committed files. */

import { type DevicePlan, patchJson } from "../patch/device.ts";
import { type BuiltFile, looseFiles, singleFile } from "../patch/freeze.ts";
import { drawView, toPng } from "../patch/render/picture.ts";
import { THEMES } from "../patch/render/theme.ts";
import { VIEWS } from "../patch/render/views.ts";
import { validate } from "../patch/validate/validate.ts";
import { noticesFile } from "./notices.ts";
import { devicePlans } from "./scripts.ts";

/** Throw an Error that lists the problems if a device breaks a rule of `patch/validate/`. */
export async function buildAll(): Promise<BuiltFile[]> {
  const devices = await devicePlans();
  devices.forEach(rejectInvalid);
  return [...deviceFiles(devices), ...into("dist", [await noticesFile()]), ...pictures(devices)];
}

export function deviceFiles(devices: DevicePlan[]): BuiltFile[] {
  return [
    ...into("dist", devices.map(singleFile)),
    ...into("dist/folder", devices.flatMap(looseFiles)),
  ];
}

function pictures(devices: DevicePlan[]): BuiltFile[] {
  const files = VIEWS.flatMap((view) => {
    const plan = devices.find((device) => device.name === view.device) as DevicePlan;
    const patch = patchJson(plan) as Record<string, unknown>;
    return THEMES.flatMap((theme) => {
      const name = `${view.name}-${theme.name}`;
      const svg = drawView(patch, view, theme);
      return [
        { name: `${name}.svg`, bytes: Buffer.from(svg, "utf8") },
        { name: `${name}.png`, bytes: toPng(svg) },
      ];
    });
  });
  return into("renders", files);
}

function into(folder: string, files: BuiltFile[]): BuiltFile[] {
  return files.map((file) => ({ ...file, name: `${folder}/${file.name}` }));
}

function rejectInvalid(plan: DevicePlan): void {
  const [loose] = looseFiles(plan);
  const beside = plan.files.map((file) => file.name);
  const problems = [
    ...validate(singleFile(plan).bytes),
    ...validate((loose as BuiltFile).bytes, beside),
  ];
  if (problems.length > 0) {
    throw new Error(`${plan.name} is invalid:\n${[...new Set(problems)].join("\n")}`);
  }
}
