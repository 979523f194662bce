/** The files of a device: a single file, or a patch with its scripts next to it. */

import { type ArchiveFile, FLAGS, patchBytes, writeFrozen, writeUnfrozen } from "./container.ts";
import { type DevicePlan, patchJson } from "./device.ts";

export interface BuiltFile {
  name: string;
  bytes: Buffer;
}

/**
 * Return a single file. A device without other files is not frozen: that is the form that Max
 * writes.
 */
export function singleFile(plan: DevicePlan): BuiltFile {
  const patch = patchBytes(patchJson(plan));
  const name = `${plan.name}.amxd`;
  if (plan.files.length === 0) return { name, bytes: writeUnfrozen(plan.type, patch) };
  const device: ArchiveFile = { name, type: "JSON", data: patch, flag: FLAGS.device };
  const scripts = plan.files.map(
    (file): ArchiveFile => ({
      name: file.name,
      type: "TEXT",
      data: Buffer.from(file.source, "utf8"),
      flag: FLAGS.onDisk,
    }),
  );
  return { name, bytes: writeFrozen(plan.type, [device, ...scripts]) };
}

/** Return the device and its scripts as separate files of one folder. */
export function looseFiles(plan: DevicePlan): BuiltFile[] {
  const patch = writeUnfrozen(plan.type, patchBytes(patchJson(plan)));
  const scripts = plan.files.map((file) => ({
    name: file.name,
    bytes: Buffer.from(file.source, "utf8"),
  }));
  return [{ name: `${plan.name}.amxd`, bytes: patch }, ...scripts];
}
