/**
 * Provides a server: a running one, one that another device has started, or one of its own, which
 * it restarts after a crash; the last device that uses it stops it.
 */

import { existsSync } from "node:fs";
import type { Connection } from "../core/host/view.ts";
import type { ServerState } from "../core/transport/protocol.ts";
import { INSTALL_LINE } from "../core/transport/transport.ts";
import { endProcess, killProcess, PrivateServer } from "./private_server.ts";
import { findProgram, programAt } from "./program.ts";
import { ServerClient } from "./server_client.ts";
import type { SharedServer, SharedStateFolder } from "./shared_state_folder.ts";

interface SupervisorEvents {
  state(state: ServerState): void;
  /** The connection to the server is lost. */
  lost(): void;
}

/** Seconds. */
const SECONDS = {
  /** Between health checks. */
  check: 3,
  /** After a failed check. */
  failed: 1,
  /** Timeout of a check; a computer that renders audio is slow. */
  checkTimeout: 4,
  /** Timeout of a check while searching. */
  searchTimeout: 2,
  /** Between searches if no server can be started; the last value repeats. */
  retry: [0.5, 1, 2, 5],
  /** Between searches while another device starts a server. */
  otherStart: 0.3,
  /** After which a server counts as stable, and its crashes are forgotten. */
  stable: 60,
};
const MAX_MISSES = 2;
const MAX_CRASHES = 5;

export class ServerSupervisor {
  /** null while there is no server. */
  client: ServerClient | null = null;
  private current: ServerState = { state: "starting", grpc: "", http: "", text: "Starting." };
  /** The server that this device is starting. */
  private starting: PrivateServer | null = null;
  /** The server that this device has started, in use or not. */
  private ownServer: SharedServer | null = null;
  /** The shared server in use, of this device or another. */
  private shared: SharedServer | null = null;
  private target = "auto";
  private program = "";
  private crashes = 0;
  private misses = 0;
  private retries = 0;
  private connectedAt = 0;
  private attempt = 0;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly folder: SharedStateFolder,
    private readonly events: SupervisorEvents,
    private readonly defaultAddress = `127.0.0.1:${process.env.MAGENTA_BRIDGE_PORT || 50_051}`,
  ) {}

  announce(): void {
    this.events.state(this.current);
  }

  /** Connect to HOST:PORT, or to any server with "auto"; search again if there is none. */
  connect(target: string): void {
    this.crashes = 0;
    if (target !== this.target) this.leaveAll();
    // It is already starting.
    else if (this.starting) return;
    this.target = target;
    if (this.client) this.checkHealth();
    else this.search();
  }

  useProgram(path: string): void {
    if (path === this.program) return;
    this.program = path;
    if (!this.client && this.current.state === "no server") this.search();
  }

  /** Stop the server if no other device uses it. May be called from an exit handler. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.leaveAll();
  }

  /** Leave every server, and stop those that no other device uses. */
  private leaveAll(): void {
    const inUse = new Map([this.ownServer, this.shared].map((server) => [server?.pid, server]));
    this.release();
    this.starting?.stop();
    this.starting = null;
    this.ownServer = null;
    this.folder.unlockStart();
    for (const server of inUse.values()) {
      if (!server || this.folder.hasOtherUsers(server)) continue;
      this.folder.forget(server);
      endProcess(server.pid);
    }
  }

  private search(text = "Looking for a server."): void {
    if (this.closed) return;
    const attempt = this.nextAttempt();
    this.setState("starting", text);
    const known = this.folder.read();
    const places = this.target === "auto" ? [this.defaultAddress, known] : [this.target];
    let reason = "";
    const next = (): void => {
      const place = places.shift();
      if (place === undefined) {
        this.startOrWait(known?.pid, reason);
        return;
      }
      if (place === null) {
        next();
        return;
      }
      const address = typeof place === "string" ? place : place.grpc;
      const client = new ServerClient(address);
      client.check(SECONDS.searchTimeout, (failure) => {
        if (attempt !== this.attempt || failure) client.close();
        if (attempt !== this.attempt) return;
        if (failure) {
          reason = failure.message;
          return next();
        }
        this.use(client, typeof place === "string" ? null : place);
      });
    };
    next();
  }

  /** Start a server, or wait for another device; `unresponsivePid` did not respond. */
  private startOrWait(unresponsivePid: number | undefined, reason: string): void {
    if (this.target !== "auto") {
      const why = reason.includes(this.target) ? reason : `No server responds at ${this.target}.`;
      this.setState("no server", `${why} Press Reconnect to look again.`);
      this.retry(() => this.search());
      return;
    }
    const program = this.program ? programAt(this.program) : findProgram();
    if (program === null) {
      this.setState("no server", this.programMissing());
      this.retry(() => this.pollQuietly());
      return;
    }
    if (!this.folder.lockStart()) {
      this.setState("starting", "Another device is starting the server.");
      this.schedule(SECONDS.otherStart, () => this.search());
      return;
    }
    // Another device may have started one in the meantime.
    const known = this.folder.read();
    if (known && known.pid !== unresponsivePid) {
      this.folder.unlockStart();
      this.search();
      return;
    }
    // It is our child process, so the PID is valid.
    if (this.ownServer && this.ownServer.pid === unresponsivePid) killProcess(this.ownServer.pid);
    this.start(program);
  }

  /** Search without changing the status. */
  private pollQuietly(): void {
    const attempt = this.nextAttempt();
    const client = new ServerClient(this.defaultAddress);
    client.check(SECONDS.searchTimeout, (failure) => {
      if (attempt !== this.attempt || failure) client.close();
      if (attempt !== this.attempt) return;
      if (!failure) return this.use(client, null);
      const program = this.program ? programAt(this.program) : findProgram();
      if (program || this.folder.read()) this.search();
      else this.retry(() => this.pollQuietly());
    });
  }

  private programMissing(): string {
    if (this.program && !existsSync(this.program)) {
      return `${this.program} does not exist. Press Program and choose magenta-bridge.`;
    }
    if (this.program) return `${this.program} is not magenta-bridge. Press Program and choose it.`;
    return `Magenta Bridge is not installed. Run in a terminal: ${INSTALL_LINE}`;
  }

  private start(program: string): void {
    const attempt = this.nextAttempt();
    this.setState("starting", "Starting the server.");
    const users = this.folder.newUsersFolder();
    const options = { program, log: this.folder.log, users: this.folder.usersFolder(users) };
    const server: PrivateServer = new PrivateServer(options, {
      progress: (line) => {
        if (attempt === this.attempt) this.setState("starting", `Starting the server: ${line}`);
      },
      ready: (place) => {
        const ownServer = { ...place, pid: server.pid, users };
        this.starting = null;
        this.ownServer = ownServer;
        this.folder.use(ownServer);
        this.folder.write(ownServer);
        this.folder.unlockStart();
        this.use(new ServerClient(ownServer.grpc), ownServer);
      },
      ended: (reason) => {
        if (this.starting === server) this.folder.unlockStart();
        this.folder.forget({ pid: server.pid, users });
        const ours = this.starting === server || this.shared?.pid === server.pid;
        if (this.starting === server) this.starting = null;
        if (this.ownServer?.pid === server.pid) this.ownServer = null;
        if (ours && !this.closed) this.onCrash(reason);
      },
    });
    this.starting = server;
  }

  private onCrash(reason: string): void {
    if (this.client && Date.now() - this.connectedAt > SECONDS.stable * 1000) this.crashes = 0;
    this.crashes += 1;
    this.release();
    if (this.crashes >= MAX_CRASHES) {
      const text = `The server stopped ${this.crashes} times: ${short(reason)} Press Reconnect.`;
      this.setState("error", text);
      return;
    }
    this.setState("starting", `The server stopped and is restarting: ${short(reason)}`);
    this.schedule(2 ** (this.crashes - 1) * 0.5, () => this.search());
  }

  private use(client: ServerClient, shared: SharedServer | null): void {
    this.nextAttempt();
    this.client = client;
    this.shared = shared;
    this.misses = 0;
    this.retries = 0;
    this.connectedAt = Date.now();
    if (shared) this.folder.use(shared);
    this.setState(
      "connected",
      "Connected.",
      client.address,
      shared ? shared.http : httpBeside(client),
    );
    this.schedule(SECONDS.check, () => this.checkHealth());
  }

  private checkHealth(): void {
    const client = this.client;
    if (!client) return;
    const attempt = this.nextAttempt();
    if (this.shared) this.folder.use(this.shared);
    client.check(SECONDS.checkTimeout, (failure) => {
      if (attempt !== this.attempt) return;
      this.misses = failure ? this.misses + 1 : 0;
      const isGone = failure !== null && failure.code === "unavailable";
      if (!isGone && this.misses < MAX_MISSES) {
        return this.schedule(failure ? SECONDS.failed : SECONDS.check, () => this.checkHealth());
      }
      this.release();
      this.search(`The server at ${client.address} does not respond. Looking for another.`);
    });
  }

  /** Disconnect from the server in use. */
  private release(): void {
    this.nextAttempt();
    const client = this.client;
    if (this.shared) this.folder.leave(this.shared);
    this.client = null;
    this.shared = null;
    if (!client) return;
    this.events.lost();
    client.close();
  }

  /** Invalidate everything in flight. */
  private nextAttempt(): number {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.attempt += 1;
    return this.attempt;
  }

  private retry(action: () => void): void {
    const pause = SECONDS.retry[Math.min(this.retries, SECONDS.retry.length - 1)] ?? 5;
    this.retries += 1;
    this.schedule(pause, action);
  }

  private schedule(seconds: number, action: () => void): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(action, seconds * 1000);
  }

  private setState(state: Connection, text: string, grpc = "", http = ""): void {
    const next = { state, grpc, http, text };
    if (JSON.stringify(next) === JSON.stringify(this.current)) return;
    this.current = next;
    if (!this.closed) this.events.state(next);
  }
}

/** By default, a server that was started by hand serves HTTP on the port after gRPC's. */
function httpBeside({ address }: ServerClient): string {
  const [host, port] = address.split(":");
  return `http://${host}:${Number(port) + 1}`;
}

function short(reason: string): string {
  const line = reason.length > 160 ? `${reason.slice(0, 157)}...` : reason;
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
