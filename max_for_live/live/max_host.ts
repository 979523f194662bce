/** Functions of Max itself. */

import type { Host } from "../core/host/ports.ts";
import { probeClip } from "./clip_probe.ts";
import { readDict, SharedDict } from "./dicts.ts";
import { OUT } from "./max_view.ts";
import { TOOLS_DICT } from "./midi_tool/diagnostics.ts";
import { liveVersion } from "./versions.ts";

const REPORT = "Magenta Bridge Self-Test.json";
/** Maximum number of characters in one write of Max's File. */
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

  /** Next to the device, where Live keeps the user's own devices. */
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

/** Max's File, which has the name of a web class. */
class MaxFile {
  private readonly file: FileOfMax;

  constructor(path: string) {
    const known = globalThis as unknown as {
      File?: new (path: string, access: string, type: string) => FileOfMax;
    };
    if (known.File === undefined) throw new Error("This version of Max cannot write files.");
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

/** Return "/Music/x" for "Macintosh HD:/Music/x"; keep a drive letter. */
export function systemPath(path: string): string {
  const volume = /^([^:/]{2,}):(\/.*)$/.exec(path);
  return volume?.[2] ?? path;
}

/** Return the folder of a file, with a slash; "" if the path has none. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
