/** Shows a tool in its patch; nothing is said twice, for Live asks many times a second. */

import { TOOL_OUT } from "./live_cycle.ts";

export class ToolView {
  private readonly shown = new Map<string, string>();

  set(id: string, value: number | string): void {
    outlet(TOOL_OUT.ui, [id, "set", value]);
  }

  entries(id: string, entries: string[]): void {
    outlet(TOOL_OUT.ui, [id, "_parameter_range", ...entries]);
  }

  text(id: string, text: string): void {
    if (this.shown.get(id) === text) return;
    this.shown.set(id, text);
    outlet(TOOL_OUT.ui, [id, "text", text]);
  }
}
