/** A server process of the device: started, monitored until it is ready, and stopped. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";

import { isAlive, type SharedServer } from "./shared_state_folder.ts";

const READY = /Serving (.+) on (127\.0\.0\.1:\d+)(?: and (http:\/\/\S+))? \(/;
const ARGUMENTS = ["serve", "--port", "0", "--http-port", "0", "--log-level", "warning"];
/** Seconds until the server exits when no user touches its file any more. */
const IDLE_TIMEOUT = process.env.MAGENTA_BRIDGE_IDLE_TIMEOUT || "60";
/** Milliseconds between reads of the log file. */
const POLL_MILLISECONDS = 100;
/** Seconds; the first start compiles Python files. */
const START_TIMEOUT = 90;

interface PrivateServerEvents {
  /** Called with each line of output before it is ready. */
  progress(line: string): void;
  ready(place: Pick<SharedServer, "grpc" | "http">): void;
  /** It did not start, or has ended; `reason` is its last line of output. */
  ended(reason: string): void;
}

interface ServerStart {
  program: string;
  log: string;
  /** Folder of the keep-alive files. */
  users: string;
}

/**
 * It logs to a file and runs in its own process group, so that it can outlive this device while
 * another one uses it. It exits when no device uses it any more, even after a crash.
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

  /** Stop it, without further events. */
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
    return this.isReady ? "The server stopped." : "The server stopped immediately.";
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

/** Send SIGTERM; the server completes its requests first. */
export function endProcess(pid: number): void {
  signal(pid, "SIGTERM");
}

/** Kill a process that hangs. */
export function killProcess(pid: number): void {
  signal(pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (!isAlive(pid)) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has already ended.
  }
}
