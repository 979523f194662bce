/** Max's File, for writing texts. */

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** Characters that Max takes at once. */
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
      // Max says nothing either; `isopen` tells.
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
