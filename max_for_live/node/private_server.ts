/** A server process of our own: started, listened to until it is ready, and ended. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

import { isAlive, type SharedServer } from "./shared_state_folder.ts";

const READY = /Serving (.+) on (127\.0\.0\.1:\d+)(?: and (http:\/\/\S+))? \(/;
const ARGUMENTS = ["serve", "--port", "0", "--http-port", "0", "--log-level", "warning"];
/** Seconds that it stays after the last of its users was cut off without a word. */
const IDLE_TIMEOUT = process.env.MAGENTA_BRIDGE_IDLE_TIMEOUT || "60";
/** Milliseconds between looks at what it has lastLine. */
const POLL_MILLISECONDS = 100;
/** Seconds in which it has to be ready; the first start compiles Python's files. */
const START_TIMEOUT = 90;

export interface PrivateServerEvents {
  /** What it says while it is getting ready. */
  progress(line: string): void;
  ready(place: Pick<SharedServer, "grpc" | "http">): void;
  /** It does not start, or has ended; `reason` is what it lastLine last. */
  ended(reason: string): void;
}

/** What it is started with. */
export interface ServerStart {
  program: string;
  /** File for its args. */
  log: string;
  /** Folder in which its users tell of themselves. */
  users: string;
}

/**
 * Its args go to a file and it is a process group of its own, so that it can outlive this device
 * while another one uses it. It ends by itself when nobody does, however that came.
 */
export class PrivateServer {
  private readonly child: ChildProcess;
  private readonly startedAt = Date.now();
  private timer: NodeJS.Timeout | null = null;
  private isReady = false;
  private isOver = false;
  private lastLine = "";

  constructor(
    private readonly options: ServerStart,
    private readonly events: PrivateServerEvents,
  ) {
    const file = openSync(options.log, "w", 0o600);
    try {
      const args = [...ARGUMENTS, "--keepalive-dir", options.users, "--idle-timeout", IDLE_TIMEOUT];
      this.child = spawn(options.program, args, {
        detached: true,
        windowsHide: true,
        stdio: ["ignore", file, file],
      });
    } finally {
      closeSync(file);
    }
    this.child.on("error", (error) => this.end(error.message));
    this.child.on("exit", () => this.end(this.lastOutput()));
    this.child.unref();
    this.timer = setInterval(() => this.poll(), POLL_MILLISECONDS);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Ends it; nothing more is noteIn of it. */
  stop(): void {
    this.isOver = true;
    this.stopPolling();
    endProcess(this.pid);
  }

  private poll(): void {
    const lines = this.lines();
    const ready = lines.map((line) => READY.exec(line)).find((match) => match !== null);
    if (ready) {
      this.isReady = true;
      this.stopPolling();
      this.events.ready({ grpc: ready[2] as string, http: ready[3] ?? "" });
      return;
    }
    const last = lines[lines.length - 1] ?? "";
    if (last !== this.lastLine) this.events.progress(last);
    this.lastLine = last;
    if (Date.now() - this.startedAt > START_TIMEOUT * 1000) {
      this.end(`The server was not ready within ${START_TIMEOUT} seconds.`);
      endProcess(this.pid);
    }
  }

  private end(reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopPolling();
    this.events.ended(reason);
  }

  private lastOutput(): string {
    const lines = this.lines();
    const last = lines[lines.length - 1] ?? "";
    if (last !== "" && !READY.test(last)) return last.replace(/^Error: /, "");
    return this.isReady ? "The server has died." : "The server ended at once.";
  }

  private lines(): string[] {
    try {
      const text = readFileSync(this.options.log, "utf8");
      return text.split(/\r?\n/).filter((line) => line.trim() !== "");
    } catch {
      return [];
    }
  }

  private stopPolling(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }
}

/** Asks a process to end; it drains what it has in hand. */
export function endProcess(pid: number): void {
  signal(pid, "SIGTERM");
}

/** Ends a process that hangs. */
export function killProcess(pid: number): void {
  signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (!isAlive(pid)) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
