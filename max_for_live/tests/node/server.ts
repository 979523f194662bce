/** A real server, as a musician starts it by hand. */

import { type ChildProcess, spawn } from "node:child_process";

import { after } from "node:test";

import { MELODY, PROGRAM } from "./node_half.ts";

/** All that run; a test that fails may not come to its end. */
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

export class Server {
  /** All that it has said, its log included. */
  said = "";
  readonly ended: Promise<void>;
  private constructor(
    private readonly child: ChildProcess,
    readonly grpc: string,
    readonly http: string,
  ) {
    this.ended = new Promise((done) => {
      child.on("close", () => done());
    });
  }

  static start(...words: string[]): Promise<Server> {
    const quick = ["--bundle", MELODY, "--log-format", "json"];
    const all = ["serve", "--port", "0", "--http-port", "0", ...quick, ...words];
    const child = spawn(PROGRAM, all, { stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.on("close", () => running.delete(child));
    return new Promise((found, failed) => {
      let said = "";
      let server: Server | null = null;
      const listen = (text: Buffer) => {
        said += String(text);
        const ready = / on (\S+:\d+) and (http:\S+) /.exec(said);
        if (!server && ready) {
          server = new Server(child, ready[1] ?? "", ready[2] ?? "");
          found(server);
        }
        server?.hear(said);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.on("error", failed);
      child.on("close", () => failed(new Error(said)));
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  private readonly waiting: { pattern: RegExp; found: () => void }[] = [];

  /** Settles when it has said that. */
  saying(pattern: RegExp): Promise<void> {
    if (pattern.test(this.said)) return Promise.resolve();
    return new Promise((found) => this.waiting.push({ pattern, found }));
  }

  send(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }

  private hear(said: string): void {
    this.said = said;
    for (const waiting of this.waiting) if (waiting.pattern.test(said)) waiting.found();
  }
}
