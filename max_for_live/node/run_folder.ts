/**
 * A folder of the user's in which devices tell each other of the server that one of them started.
 *
 * `server.json` says where it is. Every device that uses it keeps a file named by its process in
 * `users`, and touches it, so that the last one to go can end the server.
 */

import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

export interface SharedServer {
  /** HOST:PORT. */
  grpc: string;
  /** Such as "http://127.0.0.1:50052"; "" for none. */
  http: string;
  pid: number;
}

/** Seconds after which a file that nobody touched says nothing any more. */
const STALE_USER = 90;
const STALE_START = 90;

export class RunFolder {
  readonly log: string;
  private readonly users: string;
  private readonly server: string;
  private readonly starting: string;
  private readonly mine: string;

  constructor(path = process.env.MAGENTA_BRIDGE_RUN || defaultPath()) {
    this.users = join(path, "users");
    this.server = join(path, "server.json");
    this.starting = join(path, "starting");
    this.log = join(path, "server.log");
    this.mine = join(this.users, String(process.pid));
    mkdirSync(this.users, { recursive: true, mode: 0o700 });
    refuseForeign(path);
  }

  /** The server that some device started; null when none says so. */
  read(): SharedServer | null {
    try {
      const { grpc, http, pid } = JSON.parse(readFileSync(this.server, "utf8"));
      const sound = /^127\.0\.0\.1:\d+$/.test(grpc) && Number.isInteger(pid) && pid > 0;
      return sound && isAlive(pid) ? { grpc, http: String(http ?? ""), pid } : null;
    } catch {
      return null;
    }
  }

  write(server: SharedServer): void {
    const draft = `${this.server}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(server), { mode: 0o600 });
    renameSync(draft, this.server);
  }

  /** Says that the server is gone, unless another has taken its place. */
  forget(pid: number): void {
    const known = this.readPid();
    if (known === pid) rmSync(this.server, { force: true });
  }

  /** Says, or says again, that this process uses the server. */
  use(): void {
    try {
      const now = new Date();
      utimesSync(this.mine, now, now);
    } catch {
      writeFileSync(this.mine, "", { mode: 0o600 });
    }
  }

  leave(): void {
    rmSync(this.mine, { force: true });
  }

  /** Whether another living process uses the server. */
  hasOthers(): boolean {
    return readdirSync(this.users).some((name) => {
      const pid = Number(name);
      if (pid === process.pid) return false;
      const file = join(this.users, name);
      if (isAlive(pid) && ageOf(file) < STALE_USER) return true;
      rmSync(file, { force: true });
      return false;
    });
  }

  /** Takes the right to start a server; false while another process has it. */
  claimStart(): boolean {
    try {
      closeSync(openSync(this.starting, "wx", 0o600));
      writeFileSync(this.starting, String(process.pid));
      return true;
    } catch {
      if (!this.isStartStale()) return false;
      rmSync(this.starting, { force: true });
      return false;
    }
  }

  releaseStart(): void {
    try {
      if (Number(readFileSync(this.starting, "utf8")) === process.pid) {
        rmSync(this.starting, { force: true });
      }
    } catch {
      // Nobody has it.
    }
  }

  private isStartStale(): boolean {
    try {
      const age = ageOf(this.starting);
      const pid = Number(readFileSync(this.starting, "utf8"));
      return age > STALE_START || (age > 2 && !isAlive(pid));
    } catch {
      return false;
    }
  }

  private readPid(): number | null {
    try {
      return Number(JSON.parse(readFileSync(this.server, "utf8")).pid);
    } catch {
      return null;
    }
  }
}

export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

function ageOf(file: string): number {
  try {
    return (Date.now() - statSync(file).mtimeMs) / 1000;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function defaultPath(): string {
  const { username } = userInfo();
  const base = process.env.XDG_RUNTIME_DIR || tmpdir();
  return join(base, `magenta-bridge-${username.replace(/[^\w.-]/g, "_")}`);
}

/** In a folder for everybody, somebody else could have put this one there. */
function refuseForeign(path: string): void {
  if (process.getuid === undefined) return;
  if (statSync(path).uid !== process.getuid()) {
    throw new Error(`The folder ${path} belongs to somebody else; remove it.`);
  }
  chmodSync(path, 0o700);
}
