/** A real server, as a user starts it by hand; and waits that always end. */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { after, before } from "node:test";

export const REPOSITORY = join(import.meta.dirname, "..", "..");
/** The program that devices start; a development tree has it in its virtual environment. */
export const PROGRAM =
  process.env.MAGENTA_BRIDGE_PROGRAM ?? join(REPOSITORY, ".venv", "bin", "magenta-bridge");
/** One shipped generator: a server that loads it alone starts faster. */
export const MELODY = join(REPOSITORY, "models", "lstm", "lstm_melody.mag");
export const DRUMS = join(REPOSITORY, "models", "lstm", "lstm_drums.mag");

/** Seconds. */
const TIMEOUT = 60;
/** Milliseconds from SIGTERM to SIGKILL. */
const KILL_AFTER = 20_000;

/** Return the promise's value, or throw an Error if it takes more than `seconds`. */
export async function within<T>(what: string, promise: Promise<T>, seconds = TIMEOUT): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Timeout: ${what}.`)), seconds * 1000);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

/** Wait until the condition holds, or throw an Error after `seconds`. */
export async function until(what: string, holds: () => boolean, seconds = TIMEOUT): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Timeout: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** All running servers; a failed test may not stop its own. */
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill("SIGKILL");
});

export class Server {
  /** Its output, with the log. */
  output = "";
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly patterns = new Set<{ pattern: RegExp; found: (text: string) => void }>();

  private constructor(
    readonly grpc: string,
    readonly http: string,
    child: ChildProcess,
  ) {
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.on("close", () => resolve());
    });
  }

  /** Start a server with the melody generator; later options override the defaults. */
  static start(...options: string[]): Promise<Server> {
    const defaults = ["--port", "0", "--http-port", "0", "--bundle", MELODY];
    const words = ["serve", ...defaults, "--log-format", "json", ...options];
    const child = spawn(PROGRAM, words, { stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.on("close", () => running.delete(child));
    const ready = new Promise<Server>((resolve, reject) => {
      let output = "";
      let server: Server | null = null;
      const read = (text: Buffer) => {
        output += String(text);
        const [, grpc, http] = / on (\S+:\d+) and (http:\S+) /.exec(output) ?? [];
        if (!server && grpc && http) {
          server = new Server(grpc, http, child);
          resolve(server);
        }
        server?.read(output);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("error", reject);
      child.on("close", () => reject(new Error(output)));
    });
    return within("the server is ready", ready);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Resolve when its output matches. */
  logged(pattern: RegExp): Promise<string> {
    const found = new Promise<string>((resolve) => {
      this.patterns.add({ pattern, found: resolve });
      this.read(this.output);
    });
    return within(`the server logs ${pattern}`, found);
  }

  send(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** End it; a server that ignores the signal is killed. */
  kill(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill("SIGKILL"), KILL_AFTER);
    return this.ended.finally(() => clearTimeout(timer));
  }

  private read(output: string): void {
    this.output = output;
    for (const { pattern, found } of this.patterns) if (pattern.test(output)) found(output);
  }
}

/** Start a server for all tests of a file. */
export function sharedServer(...options: string[]) {
  let server: Server;
  before(async () => {
    server = await Server.start(...options);
  });
  after(() => server.kill("SIGKILL"));
  return {
    get grpc() {
      return server.grpc;
    },
    get http() {
      return server.http;
    },
    logged: (pattern: RegExp) => server.logged(pattern),
  };
}
