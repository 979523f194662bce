/** The files of a device: one that carries everything, and one with its scripts beside it. */

import { type ArchiveFile, FLAGS, patchBytes, writeFrozen, writeUnfrozen } from "./container.ts";
import { type DevicePlan, patchJson } from "./device.ts";

export interface BuiltFile {
  name: string;
  bytes: Buffer;
}

/**
 * A single file. A device that needs no file beside it has nothing to freeze, so it stays plain:
 * that is the form that Max itself writes for it, and the simplest to load.
 */
export function singleFile(plan: DevicePlan): BuiltFile {
  const patch = patchBytes(patchJson(plan));
  const name = `${plan.name}.amxd`;
  if (plan.files.length === 0) {
    return { name, bytes: writeUnfrozen(plan.type, patch) };
  }
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

/** The device and its scripts as loose files of one folder. */
export function looseFiles(plan: DevicePlan): BuiltFile[] {
  const patch = writeUnfrozen(plan.type, patchBytes(patchJson(plan)));
  const scripts = plan.files.map((file) => ({
    name: file.name,
    bytes: Buffer.from(file.source, "utf8"),
  }));
  return [{ name: `${plan.name}.amxd`, bytes: patch }, ...scripts];
}
