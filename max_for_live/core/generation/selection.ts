/** The chosen tool and generator, out of those that the server offers. */

import type { View } from "../host/view.ts";
import type { Generator } from "../transport/messages.ts";
import { type Menu, menuFor, unavailableReason } from "./generator_menu.ts";
import { CONTROLS_OF_TOOLS, TOOLS, type Tool, toolOf, toolsFor } from "./tools.ts";

export class Selection {
  tool: Tool = toolOf("generate");
  private generators: Generator[] = [];
  private available = new Set(["generate", "continue"]);
  private chosen = "";
  private menu: Menu = { entries: [], ids: [], index: 0 };
  private shownEntries = "";
  private listed = false;

  constructor(private readonly view: View) {}

  get generator(): Generator | null {
    return this.generators.find(({ id }) => id === this.chosen) ?? null;
  }

  get generatorId(): string {
    return this.chosen;
  }

  /** Return why the chosen generator cannot be used with the tool; "" if it can. */
  problem(connected: boolean, tool = this.tool): string {
    return unavailableReason(this.generators, this.chosen, tool, connected);
  }

  list(generators: Generator[]): void {
    this.listed = true;
    this.generators = generators;
    this.available = toolsFor(generators);
    this.show();
  }

  /** Choose a tool by its button, or by the name that was saved with the Set. */
  chooseTool(id: string): void {
    this.tool = toolOf(id);
    this.view.set("tool", this.tool.id);
    this.show();
  }

  /** Choose the generator that was saved with the Set. */
  restore(id: string): void {
    this.chosen = id;
    this.show();
  }

  chooseEntry(index: number): void {
    const id = this.menu.ids[index];
    if (id) this.choose(id);
    this.show();
  }

  show(): void {
    this.showTools();
    if (!this.listed) return;
    this.menu = menuFor(this.generators, this.tool, this.chosen);
    const entries = this.menu.entries.join("\n");
    if (entries !== this.shownEntries) this.view.entries("generator", this.menu.entries);
    this.shownEntries = entries;
    this.view.set("generator", this.menu.index);
    const id = this.menu.ids[this.menu.index];
    if (id && id !== this.chosen) this.choose(id);
  }

  private choose(id: string): void {
    this.chosen = id;
    this.view.set("generator_id", id);
  }

  private showTools(): void {
    for (const { id } of TOOLS) {
      this.view.visible(`tool_${id}`, this.available.has(id) || id === this.tool.id);
      this.view.set(`tool_${id}`, id === this.tool.id ? 1 : 0);
    }
    for (const [control, tools] of Object.entries(CONTROLS_OF_TOOLS)) {
      this.view.visible(control, tools.includes(this.tool.id));
    }
    this.view.text("go", this.tool.verb);
    this.view.active("go", this.tool.id !== "jam");
  }
}
