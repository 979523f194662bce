/**
 * The device's connection: over gRPC while Node runs, else over HTTP, and back when Node comes.
 *
 * The Node half watches its server itself and says how it stands; over HTTP this half looks.
 * Either way the list of generators is read again now and then, for models come and go.
 */

import type { Ways } from "../host/dependencies.ts";
import type { Host } from "../host/ports.ts";
import type { Later } from "../host/scheduler.ts";
import type { Connection as State } from "../host/view.ts";
import { messageOf, sentenceOf } from "./failures.ts";
import { HttpWatch, USUAL_HTTP } from "./http_monitor.ts";
import type { Generator } from "./messages.ts";
import { NodeWatch } from "./node_monitor.ts";
import { NodeTransport } from "./node_transport.ts";
import { FROM_NODE, PROTOCOL_VERSION, TO_NODE } from "./protocol.ts";
import type { Call, Transport } from "./transport.ts";

/** Seconds between readings of the list. */
export const LIST_TIMES = { calm: 15, loading: 1, failed: 2 } as const;

export const TEXTS = {
  starting: "Starting.",
  noServer: "No server answers. In a terminal, type: magenta-bridge serve",
  noWay: "This Max has neither Node nor XMLHttpRequest; update Live to 12.2 or later.",
  waitingForNode: "Node for Max does not start; looking for a server over HTTP.",
  otherVersion: "This device's two halves do not match; install the device again.",
} as const;

/** Max may lose an empty text. */
const NONE = "-";

export interface Standing {
  state: State;
  text: string;
  path: "gRPC" | "HTTP" | "";
}

export interface ConnectionEvents {
  /** How things stand has changed. */
  standing(standing: Standing): void;
  /** The list has been read. */
  listed(generators: Generator[]): void;
  /** What was there is gone. */
  lost(): void;
}

interface NodeState {
  state: State;
  grpc: string;
  http: string;
  text: string;
}

export class Connection {
  /** What the Node half says of itself, for the self-test. */
  nodeVersion = "";
  private readonly node: NodeTransport | null;
  private readonly watch: NodeWatch | null;
  private readonly http: HttpWatch | null;
  private told: NodeState | null = null;
  private mismatch = false;
  private program = "";
  private count = -1;
  private listFailure = "";
  private listing: Call | null = null;
  private forget: () => void = () => {};
  private last: Transport | null = null;

  constructor(
    private readonly ways: Ways,
    private readonly later: Later,
    private readonly host: Host,
    private readonly events: ConnectionEvents,
  ) {
    const { node, newHttpRequest, dicts } = ways;
    this.node = node && new NodeTransport(node, dicts);
    this.watch =
      node &&
      new NodeWatch(node, later, { ready: () => this.nodeReady(), absent: () => this.nodeLost() });
    this.http =
      newHttpRequest &&
      new HttpWatch(
        newHttpRequest,
        later,
        () => this.addresses(),
        () => this.changed(),
      );
  }

  /** The way to the server; null while there is none. */
  get transport(): Transport | null {
    if (this.watch?.isReady && !this.mismatch) {
      return this.told?.state === "connected" || this.told?.state === "busy" ? this.node : null;
    }
    return this.http?.transport ?? null;
  }

  get nodeTransport(): NodeTransport | null {
    return this.watch?.isReady ? this.node : null;
  }

  get addressOverHttp(): string {
    return this.http?.transport?.address ?? this.told?.http ?? "";
  }

  /** Begins, or begins anew. */
  start(): void {
    this.mismatch = false;
    this.listFailure = "";
    const alone = !this.watch || this.watch.hasWaited;
    if (this.watch?.isReady) this.ways.node?.send(TO_NODE.connect, "auto");
    else this.watch?.start();
    if (alone) this.lookOverHttp();
    this.changed();
  }

  /** Where magenta-bridge lies; "" for wherever it is found. */
  useProgram(path: string): void {
    this.program = path;
    if (this.watch?.isReady) this.ways.node?.send(TO_NODE.program, path || NONE);
  }

  hear(selector: string, words: (string | number)[]): void {
    if (selector === FROM_NODE.ready) this.greeted(words);
    else if (selector === FROM_NODE.state) this.takeState(words);
    else this.node?.hear(selector, words);
  }

  hearStatus(words: (string | number)[]): void {
    this.watch?.heardStatus(String(words[0] ?? ""));
  }

  /** A call has failed for want of a server. */
  doubt(): void {
    if (this.watch?.isReady) this.ways.node?.send(TO_NODE.hello);
    else this.http?.doubt();
  }

  close(): void {
    this.forget();
    this.listing?.cancel();
    this.http?.stop();
    this.node?.closing();
    this.watch?.stop();
    this.ways.node?.send(TO_NODE.closing);
  }

  private greeted(words: (string | number)[]): void {
    this.mismatch = Number(words[0]) !== PROTOCOL_VERSION;
    this.nodeVersion = String(words[1] ?? "");
    this.watch?.heardReady();
    if (this.mismatch) this.changed();
  }

  private nodeReady(): void {
    if (this.mismatch) return;
    this.http?.stop();
    this.ways.node?.send(TO_NODE.program, this.program || NONE);
    this.ways.node?.send(TO_NODE.connect, "auto");
    this.changed();
  }

  private nodeLost(): void {
    this.told = null;
    this.node?.lost();
    this.lookOverHttp();
    this.changed();
  }

  private lookOverHttp(): void {
    if (this.http?.transport === null) this.http.start();
  }

  private takeState(words: (string | number)[]): void {
    const [state, grpc, http, ...text] = words.map(String);
    const told = {
      state: state as State,
      grpc: grpc ?? "",
      http: http ?? "",
      text: text.join(" "),
    };
    if (this.told && (told.state !== this.told.state || told.grpc !== this.told.grpc)) {
      // Another server may have other generators.
      this.last = null;
    }
    this.told = told;
    this.host.serverAt(told.grpc, told.http);
    this.changed();
  }

  private addresses(): string[] {
    const likely = [this.told?.http, this.host.sharedHttp(), USUAL_HTTP];
    return [...new Set(likely.filter((address): address is string => !!address))];
  }

  private changed(): void {
    const transport = this.transport;
    if (transport !== this.last) {
      const lost = this.last !== null && transport === null;
      this.last = transport;
      this.count = -1;
      this.listing?.cancel();
      this.listing = null;
      this.forget();
      if (lost) this.events.lost();
      if (transport) this.list(transport);
    }
    this.events.standing(this.standing());
  }

  private list(transport: Transport): void {
    this.listing = transport.listGenerators({
      next: (generators) => this.listed(generators),
      done: () => {},
      failed: (failure) => {
        this.listFailure = sentenceOf(failure);
        if (failure.code === "unavailable") this.doubt();
        this.again(LIST_TIMES.failed);
        this.events.standing(this.standing());
      },
    });
  }

  private listed(generators: Generator[]): void {
    this.listFailure = "";
    this.count = generators.length;
    const loading = generators.some(({ status }) => status === "GENERATOR_STATUS_LOADING");
    this.again(loading ? LIST_TIMES.loading : LIST_TIMES.calm);
    try {
      this.events.listed(generators);
    } catch (thrown) {
      this.listFailure = messageOf(thrown);
    }
    this.events.standing(this.standing());
  }

  private again(seconds: number): void {
    this.forget();
    this.forget = this.later.after(seconds, () => {
      const transport = this.transport;
      if (transport) this.list(transport);
    });
  }

  private standing(): Standing {
    if (this.mismatch) return { state: "error", text: TEXTS.otherVersion, path: "" };
    const transport = this.transport;
    if (transport) {
      if (this.listFailure) return this.say("error", this.listFailure, transport.name);
      if (this.count < 0) return this.say("starting", "Reading the generators.", transport.name);
      return this.say("connected", this.connectedText(transport), transport.name);
    }
    if (this.watch?.isReady) {
      return this.say(this.told?.state ?? "starting", this.told?.text || TEXTS.starting, "");
    }
    if (!this.http && !this.watch) return this.say("error", TEXTS.noWay, "");
    return this.withoutNode();
  }

  private withoutNode(): Standing {
    const looked = this.http === null || this.http.hasLooked;
    if (!this.watch) return this.say(looked ? "no server" : "starting", TEXTS.noServer, "");
    if (!this.watch.hasWaited) return this.say("starting", TEXTS.starting, "");
    return this.say("no server", `Node for Max does not start. ${TEXTS.noServer}`, "");
  }

  private connectedText(transport: Transport): string {
    const many = this.count === 1 ? "1 generator" : `${this.count} generators`;
    const where =
      transport.name === "gRPC" ? this.told?.grpc : this.addressOverHttp.replace("http://", "");
    return `${many} at ${where}${transport.name === "HTTP" ? " over HTTP" : ""}`;
  }

  private say(state: State, text: string, path: Standing["path"]): Standing {
    return { state, text, path };
  }
}
