/** The Connection strip: how things setStatus, or the message that matters more just now. */

import type { View } from "./host/view.ts";
import type { ConnectionStatus } from "./transport/connection.ts";

export class StatusLine {
  private status: ConnectionStatus = { state: "starting", text: "Starting.", path: "" };
  private message = "";
  private isError = false;
  /** Whether the message is about the server's absence, and goes when it answers. */
  private isAboutServer = false;
  private busy = false;
  private shown = "";

  constructor(private readonly view: View) {}

  setStatus(status: ConnectionStatus): void {
    const { state } = this.status;
    this.status = status;
    // Why something was not done has changed with the state; but what a server took along is said
    // until it is back, or until there is something to be done about it.
    const stays = this.isAboutServer && status.state === "starting";
    if (state !== status.state && !stays) this.clear();
    this.show();
  }

  /** The server has answered: it may have been back before anybody saw that it was gone. */
  answered(): void {
    if (this.isAboutServer) this.clear();
  }

  setBusy(busy: boolean): void {
    this.busy = busy;
    this.show();
  }

  /** Why what was asked for is not done; it stays until the musician goes on. */
  refuse(message: string): void {
    this.show_(message, { isError: false, isAboutServer: false });
  }

  /** `isAboutServer`: the server did not answer; once it does, that is over. */
  fail(message: string, isAboutServer: boolean): void {
    this.show_(message, { isError: true, isAboutServer });
  }

  private show_(message: string, kind: { isError: boolean; isAboutServer: boolean }): void {
    this.message = message;
    this.isError = kind.isError;
    this.isAboutServer = kind.isAboutServer;
    this.show();
  }

  clear(): void {
    this.isAboutServer = false;
    if (this.message === "") return;
    this.message = "";
    this.show();
  }

  private show(): void {
    const { state, text, path } = this.status;
    const up = state === "connected" || state === "busy";
    const now = this.message && this.isError ? "error" : up && this.busy ? "busy" : state;
    const words = this.message || text;
    const key = `${now}\n${words}\n${path}`;
    if (key === this.shown) return;
    this.shown = key;
    this.view.connection(now, words, path);
  }
}
