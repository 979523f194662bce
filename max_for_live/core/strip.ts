/** The Connection strip: how things stand, or the sentence that matters more just now. */

import type { Standing } from "./connection.ts";
import type { View } from "./view.ts";

export class Strip {
  private standing: Standing = { state: "starting", text: "Starting.", path: "" };
  private sentence = "";
  private isError = false;
  /** Whether the sentence is about the server's absence, and goes when it answers. */
  private passes = false;
  private busy = false;
  private shown = "";

  constructor(private readonly view: View) {}

  stand(standing: Standing): void {
    const { state } = this.standing;
    this.standing = standing;
    // Why something was not done has changed with the state; but what a server took along is said
    // until it is back, or until there is something to be done about it.
    const stays = this.passes && standing.state === "starting";
    if (state !== standing.state && !stays) this.clear();
    this.show();
  }

  /** The server has answered: it may have been back before anybody saw that it was gone. */
  answered(): void {
    if (this.passes) this.clear();
  }

  work(busy: boolean): void {
    this.busy = busy;
    this.show();
  }

  /** Why what was asked for is not done; it stays until the musician goes on. */
  refuse(sentence: string): void {
    this.say(sentence, { isError: false, passes: false });
  }

  /** What the musician should know of music that is written; it stays as `refuse` does. */
  remark(sentence: string): void {
    this.say(sentence, { isError: false, passes: false });
  }

  /** `passes`: the server did not answer; once it does, that is over. */
  fail(sentence: string, passes: boolean): void {
    this.say(sentence, { isError: true, passes });
  }

  private say(sentence: string, kind: { isError: boolean; passes: boolean }): void {
    this.sentence = sentence;
    this.isError = kind.isError;
    this.passes = kind.passes;
    this.show();
  }

  clear(): void {
    this.passes = false;
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
