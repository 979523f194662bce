/** Max's XMLHttpRequest, asynchronous and text-only, over Node's HTTP client. */

import { type ClientRequest, request } from "node:http";

const DONE = 4;

/** Counts the requests in flight of all scripts. */
export class Traffic {
  inFlight = 0;
}

/** Return the class for one script; `keep` registers a cleanup function. */
export function xhrFor(
  traffic: Traffic,
  enter: (act: () => void) => void,
  keep: (end: () => void) => void,
) {
  return class XMLHttpRequest {
    readyState = 0;
    status = 0;
    statusText = "";
    responseText = "";
    onreadystatechange: (() => void) | null = null;
    private method = "GET";
    private url = "";
    private readonly headers: Record<string, string> = {};
    private sent: ClientRequest | null = null;
    private ended = false;

    open(method: string, url: string): void {
      this.method = method;
      this.url = url;
      this.readyState = 1;
    }

    setRequestHeader(name: string, value: string): void {
      this.headers[name] = value;
    }

    send(body?: string): void {
      const options = { method: this.method, headers: this.headers, agent: false as const };
      this.sent = request(this.url, options, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", () => this.finish(0, ""));
        response.on("aborted", () => this.finish(0, ""));
        response.on("end", () => {
          this.finish(response.statusCode ?? 0, Buffer.concat(parts).toString("utf8"));
        });
      });
      this.sent.on("error", () => this.finish(0, ""));
      traffic.inFlight += 1;
      this.sent.once("close", () => {
        traffic.inFlight -= 1;
      });
      keep(() => this.abort());
      this.sent.end(body);
    }

    abort(): void {
      this.ended = true;
      this.sent?.destroy();
    }

    private finish(status: number, text: string): void {
      if (this.ended) return;
      this.ended = true;
      this.status = status;
      this.responseText = text;
      this.readyState = DONE;
      enter(() => this.onreadystatechange?.());
    }
  };
}
