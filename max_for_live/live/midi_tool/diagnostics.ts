/** What the MIDI Tools have observed in Live, for the main device's self-test. */

/** One dictionary for all tools of this Live. */
export const TOOLS_DICT = "magenta_bridge_tools";

export class Diagnostics {
  private readonly dict = new Dict(TOOLS_DICT);
  private written = "";

  constructor(private readonly kind: string) {}

  /** Record the last observation; in few, short texts, because Max keeps each forever. */
  write(what: string): void {
    if (what === this.written) return;
    this.written = what;
    const others = JSON.parse(this.dict.stringify()) as Record<string, string>;
    this.dict.parse(JSON.stringify({ ...others, [this.kind]: what }));
  }

  close(): void {
    this.dict.freepeer();
  }
}
