/** The status line: the state of the connection, or a message that is more important. */

import type { View } from "./host/view.ts";
import type { ConnectionStatus } from "./transport/connection.ts";

const NO_MESSAGE = { text: "", isError: false, isAboutServer: false };

export class StatusLine {
  private status: ConnectionStatus = { state: "starting", text: "Starting.", path: "" };
  /** `isAboutServer`: the server is missing; the message is cleared when the server responds. */
  private message = NO_MESSAGE;
  private isBusy = false;
  private shown = "";

  constructor(private readonly view: View) {}

  setStatus(status: ConnectionStatus): void {
    const { state } = this.status;
    this.status = status;
    // Clear the message when the state changes, but keep "server lost" until it is back.
    const stays = this.message.isAboutServer && status.state === "starting";
    if (state !== status.state && !stays) this.clear();
    this.show();
  }

  /** The server has responded: it may have been gone only briefly. */
  answered(): void {
    if (this.message.isAboutServer) this.clear();
  }

  setBusy(isBusy: boolean): void {
    this.isBusy = isBusy;
    this.show();
  }

  /** Show why a command was refused, until the next command. */
  refuse(text: string): void {
    this.setMessage({ text, isError: false, isAboutServer: false });
  }

  /** Show a message about generated music, until the next command. */
  notify(text: string): void {
    this.setMessage({ text, isError: false, isAboutServer: false });
  }

  /** Show an error; with `isAboutServer`, until the server responds. */
  fail(text: string, isAboutServer: boolean): void {
    this.setMessage({ text, isError: true, isAboutServer });
  }

  clear(): void {
    this.setMessage(NO_MESSAGE);
  }

  private setMessage(message: typeof NO_MESSAGE): void {
    this.message = message;
    this.show();
  }

  private show(): void {
    const { state, text, path } = this.status;
    const isUp = state === "connected" || state === "busy";
    const shownState = this.message.isError ? "error" : isUp && this.isBusy ? "busy" : state;
    const shownText = this.message.text || text;
    const key = `${shownState}\n${shownText}\n${path}`;
    if (key === this.shown) return;
    this.shown = key;
    this.view.connection(shownState, shownText, path);
  }
}
