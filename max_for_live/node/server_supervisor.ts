/**
 * Sees to it that there is a server: the one that runs, one that another device has started, or
 * one of our own, which is started again when it dies and ended by the last device that uses it.
 */

import { existsSync } from "node:fs";
import type { Connection } from "../core/host/view.ts";
import { INSTALL_LINE } from "../core/transport/failures.ts";
import { endProcess, killProcess, PrivateServer } from "./private_server.ts";
import { findProgram, programAt } from "./program.ts";
import { ServerClient } from "./server_client.ts";
import type { RunFolder, SharedServer } from "./shared_state_folder.ts";

export interface KeeperState {
  state: Connection;
  grpc: string;
  http: string;
  text: string;
}

export interface KeeperEvents {
  state(state: KeeperState): void;
  /** The server is gone: what was asked of it is lost. */
  lost(): void;
}

/** Seconds. */
const TIMES = {
  /** Between health checks. */
  watch: 3,
  /** After a check that had no answer. */
  doubt: 1,
  /** For a check's answer: on a computer that is busy rendering it takes a while. */
  patience: 4,
  /** For a server to answer that is only looked for. */
  search: 2,
  /** Between looks for a server where none can be started; the last goes on. */
  again: [0.5, 1, 2, 5],
  /** Between looks while another device starts one. */
  others: 0.3,
  /** After which a server counts as well, and its crashes as forgiven. */
  sound: 60,
};
const MISSES = 2;
const MOST_CRASHES = 5;

export class ServerKeeper {
  /** null while there is no server. */
  client: ServerClient | null = null;
  private current: KeeperState = { state: "starting", grpc: "", http: "", text: "Starting." };
  /** The server that this device starts, until it is ready. */
  private coming: PrivateServer | null = null;
  /** The server that this device has started, in use or not. */
  private own: SharedServer | null = null;
  /** The shared server in use, ours or another device's. */
  private shared: SharedServer | null = null;
  private wish = "auto";
  private program = "";
  private crashes = 0;
  private misses = 0;
  private looks = 0;
  private since = 0;
  private attempt = 0;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;

  constructor(
    private readonly folder: RunFolder,
    private readonly events: KeeperEvents,
    private readonly usual = `127.0.0.1:${process.env.MAGENTA_BRIDGE_PORT || 50_051}`,
  ) {}

  /** Says again how things stand. */
  tell(): void {
    this.events.state(this.current);
  }

  /** "auto" or HOST:PORT; pressed again, it begins anew where there is no server. */
  connect(wish: string): void {
    this.crashes = 0;
    if (wish !== this.wish) this.leaveAll();
    // It is on its way.
    else if (this.coming) return;
    this.wish = wish;
    if (this.client) this.watch();
    else this.search();
  }

  useProgram(path: string): void {
    if (path === this.program) return;
    this.program = path;
    if (!this.client && this.current.state === "no server") this.search();
  }

  /** Ends the server when it is of a device and nobody else uses it. May be called from an exit. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.leaveAll();
  }

  /** Leaves every server; those of devices that nobody else uses are ended. */
  private leaveAll(): void {
    const held = new Map([this.own, this.shared].map((server) => [server?.pid, server]));
    this.drop();
    this.coming?.stop();
    this.coming = null;
    this.own = null;
    this.folder.releaseStart();
    for (const server of held.values()) {
      if (!server || this.folder.hasOthers(server)) continue;
      this.folder.forget(server);
      endProcess(server.pid);
    }
  }

  private search(text = "Looking for a server."): void {
    if (this.closed) return;
    const turn = this.turn();
    this.say("starting", text);
    const known = this.folder.read();
    const places = this.wish === "auto" ? [this.usual, known] : [this.wish];
    const next = (): void => {
      const place = places.shift();
      if (place === undefined) {
        this.begin(known?.pid);
        return;
      }
      if (place === null) {
        next();
        return;
      }
      const address = typeof place === "string" ? place : place.grpc;
      const client = new ServerClient(address);
      client.check(TIMES.search, (failure) => {
        if (turn !== this.attempt || failure) client.close();
        if (turn !== this.attempt) return;
        if (failure) return next();
        this.settle(client, typeof place === "string" ? null : place);
      });
    };
    next();
  }

  /** Starts a server, or waits for one; the one of that process has not answered. */
  private begin(silent?: number): void {
    if (this.wish !== "auto") {
      this.say("no server", `No server answers at ${this.wish}; press Reconnect for another.`);
      this.again(() => this.search());
      return;
    }
    const program = this.program ? programAt(this.program) : findProgram();
    if (program === null) {
      this.say("no server", this.missing());
      this.again(() => this.lookAgain());
      return;
    }
    if (!this.folder.claimStart()) {
      this.say("starting", "Another device starts the server.");
      this.later(TIMES.others, () => this.search());
      return;
    }
    // While we looked elsewhere another device may have started one.
    const known = this.folder.read();
    if (known && known.pid !== silent) {
      this.folder.releaseStart();
      this.search();
      return;
    }
    // It is our own child, so that the number is surely still its own.
    if (this.own && this.own.pid === silent) killProcess(this.own.pid);
    this.start(program);
  }

  /** Quietly, so that the sentence on the strip stays. */
  private lookAgain(): void {
    const turn = this.turn();
    const client = new ServerClient(this.usual);
    client.check(TIMES.search, (failure) => {
      if (turn !== this.attempt || failure) client.close();
      if (turn !== this.attempt) return;
      if (!failure) return this.settle(client, null);
      const program = this.program ? programAt(this.program) : findProgram();
      if (program || this.folder.read()) this.search();
      else this.again(() => this.lookAgain());
    });
  }

  private missing(): string {
    if (this.program && !existsSync(this.program)) {
      return `There is no ${this.program}; press Program and choose magenta-bridge.`;
    }
    if (this.program) return `${this.program} is not magenta-bridge; press Program, choose it.`;
    return `Magenta Bridge is not installed. In a terminal, type: ${INSTALL_LINE}`;
  }

  private start(program: string): void {
    const turn = this.turn();
    this.say("starting", "Starting the server.");
    const users = this.folder.newUsers();
    const how = { program, log: this.folder.log, users: this.folder.usersOf(users) };
    const server: PrivateServer = new PrivateServer(how, {
      progress: (line) => {
        if (turn === this.attempt) this.say("starting", `Starting the server: ${line}`);
      },
      ready: (place) => {
        const own = { ...place, pid: server.pid, users };
        this.coming = null;
        this.own = own;
        this.folder.use(own);
        this.folder.write(own);
        this.folder.releaseStart();
        this.settle(new ServerClient(own.grpc), own);
      },
      ended: (reason) => {
        if (this.coming === server) this.folder.releaseStart();
        this.folder.forget({ pid: server.pid, users });
        const ours = this.coming === server || this.shared?.pid === server.pid;
        if (this.coming === server) this.coming = null;
        if (this.own?.pid === server.pid) this.own = null;
        if (ours && !this.closed) this.crashed(reason);
      },
    });
    this.coming = server;
  }

  private crashed(reason: string): void {
    if (this.client && Date.now() - this.since > TIMES.sound * 1000) this.crashes = 0;
    this.crashes += 1;
    this.drop();
    if (this.crashes >= MOST_CRASHES) {
      const text = `The server has ended ${this.crashes} times: ${short(reason)} Press Reconnect.`;
      this.say("error", text);
      return;
    }
    this.say("starting", `The server is started again: ${short(reason)}`);
    this.later(2 ** (this.crashes - 1) * 0.5, () => this.search());
  }

  private settle(client: ServerClient, shared: SharedServer | null): void {
    this.turn();
    this.client = client;
    this.shared = shared;
    this.misses = 0;
    this.looks = 0;
    this.since = Date.now();
    if (shared) this.folder.use(shared);
    this.say("connected", "Connected.", client.address, shared ? shared.http : httpBeside(client));
    this.later(TIMES.watch, () => this.watch());
  }

  private watch(): void {
    const client = this.client;
    if (!client) return;
    const turn = this.turn();
    if (this.shared) this.folder.use(this.shared);
    client.check(TIMES.patience, (failure) => {
      if (turn !== this.attempt) return;
      this.misses = failure ? this.misses + 1 : 0;
      const gone = failure !== null && failure.code === "unavailable";
      if (!gone && this.misses < MISSES) {
        return this.later(failure ? TIMES.doubt : TIMES.watch, () => this.watch());
      }
      this.drop();
      this.search(`The server at ${client.address} does not answer; looking for another.`);
    });
  }

  /** Forgets the server in use. */
  private drop(): void {
    this.turn();
    const client = this.client;
    if (this.shared) this.folder.leave(this.shared);
    this.client = null;
    this.shared = null;
    if (!client) return;
    this.events.lost();
    client.close();
  }

  /** Makes whatever is under way stale. */
  private turn(): number {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.attempt += 1;
    return this.attempt;
  }

  private again(action: () => void): void {
    const pause = TIMES.again[Math.min(this.looks, TIMES.again.length - 1)] ?? 5;
    this.looks += 1;
    this.later(pause, action);
  }

  private later(seconds: number, action: () => void): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(action, seconds * 1000);
  }

  private say(state: Connection, text: string, grpc = "", http = ""): void {
    const news = { state, grpc, http, text };
    if (JSON.stringify(news) === JSON.stringify(this.current)) return;
    this.current = news;
    if (!this.closed) this.events.state(news);
  }
}

/** A server that is started by hand answers HTTP on the port after gRPC's, unless told otherwise. */
function httpBeside({ address }: ServerClient): string {
  const [host, port] = address.split(":");
  return `http://${host}:${Number(port) + 1}`;
}

function short(reason: string): string {
  const line = reason.length > 160 ? `${reason.slice(0, 157)}...` : reason;
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
