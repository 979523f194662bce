/**
 * A folder of the user in which devices share the server that one of them has started.
 *
 * `server.json` contains its address. In `users` each server has a folder with one file for each
 * device that uses it, named by the device's PID and touched periodically. The last device to go
 * stops the server, and a server whose files are no longer touched exits.
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
import { basename, join } from "node:path";

export interface SharedServer {
  /** HOST:PORT. */
  grpc: string;
  /** Such as "http://127.0.0.1:50052"; "" for none. */
  http: string;
  pid: number;
  /** Name of the folder with the files of its users. */
  users: string;
}

/** Seconds after which a file that was not touched is stale. */
const STALE_USER = 90;
const STALE_START = 90;

export class SharedStateFolder {
  readonly log: string;
  private readonly users: string;
  private readonly server: string;
  private readonly starting: string;
  private made = 0;

  constructor(private readonly path = process.env.MAGENTA_BRIDGE_RUN || defaultPath()) {
    this.users = join(path, "users");
    this.server = join(path, "server.json");
    this.starting = join(path, "starting");
    this.log = join(path, "server.log");
    this.create();
  }

  /** Return the server that a device has started; null for none. */
  read(): SharedServer | null {
    try {
      const { grpc, http, pid, users } = JSON.parse(readFileSync(this.server, "utf8"));
      const sound = /^127\.0\.0\.1:\d+$/.test(grpc) && /^[\w-]+$/.test(users);
      return sound && isAlive(pid) ? { grpc, http: String(http ?? ""), pid, users } : null;
    } catch {
      return null;
    }
  }

  write(server: SharedServer): void {
    const draft = `${this.server}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(server), { mode: 0o600 });
    renameSync(draft, this.server);
  }

  /** Remove a server that is gone, unless another has taken its place. */
  forget({ pid, users }: Pick<SharedServer, "pid" | "users">): void {
    if (this.readPid() === pid) rmSync(this.server, { force: true });
    rmSync(join(this.users, users), { recursive: true, force: true });
  }

  /** Create a folder for the users of a new server; remove stale ones. */
  newUsersFolder(): string {
    for (const folder of filesIn(this.users)) {
      const files = [folder, ...filesIn(folder)];
      if (files.every((file) => ageOf(file) > STALE_USER)) {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    this.made += 1;
    const name = `${process.pid}-${Date.now()}-${this.made}`;
    mkdirSync(this.usersFolder(name), { recursive: true, mode: 0o700 });
    return name;
  }

  usersFolder(name: string): string {
    return join(this.users, name);
  }

  use({ users }: SharedServer): void {
    const ownFile = this.ownFile(users);
    try {
      const now = new Date();
      utimesSync(ownFile, now, now);
    } catch {
      mkdirSync(this.usersFolder(users), { recursive: true, mode: 0o700 });
      writeFileSync(ownFile, "", { mode: 0o600 });
    }
  }

  leave({ users }: SharedServer): void {
    rmSync(this.ownFile(users), { force: true });
  }

  /** Whether another live process uses the server. */
  hasOtherUsers({ users }: SharedServer): boolean {
    return filesIn(this.usersFolder(users)).some((file) => {
      const pid = Number(basename(file));
      return pid !== process.pid && isAlive(pid) && ageOf(file) < STALE_USER;
    });
  }

  /** Acquire the lock to start a server; return false while another process holds it. */
  lockStart(): boolean {
    try {
      // The system may have deleted the temporary folder.
      this.create();
      closeSync(openSync(this.starting, "wx", 0o600));
      writeFileSync(this.starting, String(process.pid));
      return true;
    } catch {
      if (!this.isStartStale()) return false;
      rmSync(this.starting, { force: true });
      return false;
    }
  }

  unlockStart(): void {
    try {
      if (Number(readFileSync(this.starting, "utf8")) === process.pid) {
        rmSync(this.starting, { force: true });
      }
    } catch {
      // There is no lock.
    }
  }

  private create(): void {
    mkdirSync(this.users, { recursive: true, mode: 0o700 });
    refuseForeign(this.path);
  }

  private ownFile(users: string): string {
    return join(this.usersFolder(users), String(process.pid));
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

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
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

/** In a shared temporary folder, another user could have created this one. */
function refuseForeign(path: string): void {
  if (process.getuid === undefined) return;
  if (statSync(path).uid !== process.getuid()) {
    throw new Error(`The folder ${path} belongs to another user. Remove it.`);
  }
  chmodSync(path, 0o700);
}
