/** The Connection strip: how things stand, or the sentence that matters more just now. */

import type { Standing } from "./connection.ts";
import type { View } from "./view.ts";

export class Strip {
  private standing: Standing = { state: "starting", text: "Starting.", path: "" };
  private sentence = "";
  private isError = false;
  private busy = false;
  private shown = "";

  constructor(private readonly view: View) {}

  stand(standing: Standing): void {
    const { state } = this.standing;
    this.standing = standing;
    // Why something was not done has changed with the state.
    if (state !== standing.state) this.sentence = "";
    this.show();
  }

  work(busy: boolean): void {
    this.busy = busy;
    this.show();
  }

  /** Why what was asked for is not done; it stays until the musician goes on. */
  refuse(sentence: string): void {
    this.sentence = sentence;
    this.isError = false;
    this.show();
  }

  fail(sentence: string): void {
    this.sentence = sentence;
    this.isError = true;
    this.show();
  }

  clear(): void {
    if (this.sentence === "") return;
    this.sentence = "";
    this.show();
  }

  private show(): void {
    const { state, text, path } = this.standing;
    const up = state === "connected" || state === "busy";
    const now = this.sentence && this.isError ? "error" : up && this.busy ? "busy" : state;
    const words = this.sentence || text;
    const key = `${now}\n${words}\n${path}`;
    if (key === this.shown) return;
    this.shown = key;
    this.view.connection(now, words, path);
  }
}
