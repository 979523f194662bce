/** The status line: the state of the connection, or a message that is more important. */

import type { View } from "./host/view.ts";
import type { ConnectionStatus } from "./transport/connection.ts";

export class StatusLine {
  private status: ConnectionStatus = { state: "starting", text: "Starting.", path: "" };
  private message = "";
  private isError = false;
  /** Whether the message says that the server is missing; it is cleared when the server responds. */
  private isAboutServer = false;
  private busy = false;
  private shown = "";

  constructor(private readonly view: View) {}

  setStatus(status: ConnectionStatus): void {
    const { state } = this.status;
    this.status = status;
    // Clear the last message when the state changes, but keep "server lost" until the server is back.

    const stays = this.isAboutServer && status.state === "starting";
    if (state !== status.state && !stays) this.clear();
    this.show();
  }

  /** The server has responded: it may have been gone only briefly. */
  answered(): void {
    if (this.isAboutServer) this.clear();
  }

  setBusy(busy: boolean): void {
    this.busy = busy;
    this.show();
  }

  /** Show why a command was refused, until the next command. */
  refuse(message: string): void {
    this.show_(message, { isError: false, isAboutServer: false });
  }

  /** Show an error; with `isAboutServer`, until the server responds. */
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
