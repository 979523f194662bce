/** What the device asks of Max itself. */

import type { Host } from "../core/host/ports.ts";
import { probeClip } from "./clip_probe.ts";
import { readDict, SharedDict } from "./dicts.ts";
import { OUT } from "./max_view.ts";
import { TOOLS_DICT } from "./midi_tool/diagnostics.ts";
import { liveVersion } from "./versions.ts";

const REPORT = "Magenta Bridge Self-Test.json";
/** Characters that Max's File writes at once. */
const CHUNK = 30_000;

export class MaxHost implements Host {
  private readonly shared = new SharedDict();

  chooseProgram(): void {
    outlet(OUT.misc, ["choose_program"]);
  }

  serverAt(grpc: string, http: string): void {
    this.shared.publish({ grpc, http });
  }

  sharedHttp(): string {
    return this.shared.read().http;
  }

  facts(): Record<string, string | number> {
    return {
      max: String(max.version ?? ""),
      live: liveVersion().join("."),
      system: `${max.os ?? ""} ${max.osversion ?? ""} ${max.arch ?? ""}`.trim(),
      device: deviceFile(),
      note_round_trip: probeClip(),
      midi_tools: JSON.stringify(readDict(TOOLS_DICT)),
    };
  }

  /** Beside the device, where Live keeps the musician's own devices. */
  reportPath(): string {
    const folder = folderOf(deviceFile());
    if (folder !== "") return folder + REPORT;
    return (max.os === "windows" ? "C:/Windows/Temp/" : "/tmp/") + REPORT;
  }

  writeReport(path: string, text: string): void {
    const file = new MaxFile(path);
    try {
      for (let at = 0; at < text.length; at += CHUNK) file.write(text.slice(at, at + CHUNK));
    } finally {
      file.close();
    }
  }

  close(): void {
    this.shared.close();
  }
}

function deviceFile(): string {
  return typeof patcher === "undefined" ? "" : systemPath(String(patcher.filepath ?? ""));
}

interface FileOfMax {
  isopen: boolean | number;
  eof: number;
  writestring(text: string): void;
  close(): void;
}

/** Max's File has the name of another class, so it is asked for by hand. */
class MaxFile {
  private readonly file: FileOfMax;

  constructor(path: string) {
    const known = globalThis as unknown as {
      File?: new (path: string, access: string, type: string) => FileOfMax;
    };
    if (known.File === undefined) throw new Error("This Max cannot write files.");
    this.file = new known.File(path, "write", "TEXT");
    if (!this.file.isopen) throw new Error(`The report cannot be written to ${path}.`);
    this.file.eof = 0;
  }

  write(text: string): void {
    this.file.writestring(text);
  }

  close(): void {
    this.file.close();
  }
}

/** "Macintosh HD:/Music/x" is "/Music/x"; a drive's letter stays. */
export function systemPath(path: string): string {
  const volume = /^([^:/]{2,}):(\/.*)$/.exec(path);
  return volume?.[2] ?? path;
}

/** The folder of a file, with its slash; "" when the path has none. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
