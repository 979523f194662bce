/** Max's File, for writing text. */

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** Maximum number of characters in one write. */
const MOST = 32_767;

export class MaxFile {
  isopen = 0;
  private readonly handle: number = -1;

  constructor(path: string, access = "read", _type = "") {
    if (access !== "write") return;
    try {
      this.handle = openSync(path, "w");
      this.isopen = 1;
    } catch {
      // Max reports no error; `isopen` is 0.
    }
  }

  set eof(length: number) {
    if (this.isopen) ftruncateSync(this.handle, length);
  }

  writestring(text: string): void {
    if (text.length > MOST) throw new Error("writestring: too long");
    writeSync(this.handle, text);
  }

  close(): void {
    if (this.isopen) closeSync(this.handle);
    this.isopen = 0;
  }
}
