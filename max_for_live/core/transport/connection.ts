/**
 * The device's connection: over gRPC while Node runs, otherwise over HTTP.
 *
 * The Node half monitors its server and reports the state; over HTTP this half monitors it. In both
 * cases the list of generators is read periodically, because models can be added and removed.
 */

import type { Host, Scheduler, Transports } from "../host/ports.ts";
import type { Connection as State } from "../host/view.ts";
import { GeneratorPoller } from "./generator_poller.ts";
import { DEFAULT_HTTP, HttpMonitor } from "./http_monitor.ts";
import type { Generator } from "./messages.ts";
import { NodeMonitor } from "./node_monitor.ts";
import { NodeTransport } from "./node_transport.ts";
import { FROM_NODE, PROTOCOL_VERSION, type ServerState, TO_NODE } from "./protocol.ts";
import type { Failure, Transport } from "./transport.ts";
import { errorMessage, sentenceOf } from "./transport.ts";

export const TEXTS = {
  starting: "Starting.",
  noServer: "No server is running. Run in a terminal: magenta-bridge serve",
  noTransport:
    "This version of Max has neither Node nor XMLHttpRequest. Update Live to 12.2 or later.",
  otherVersion: "The parts of this device have different versions. Install the device again.",
} as const;

/** Max may drop an empty text. */
const EMPTY = "-";

export interface ConnectionStatus {
  state: State;
  text: string;
  path: "gRPC" | "HTTP" | "";
}

interface ConnectionEvents {
  status(status: ConnectionStatus): void;
  listed(generators: Generator[]): void;
  /** The connection is lost. */
  lost(): void;
}

export class Connection {
  /** Version of Node, for the self-test. */
  nodeVersion = "";
  private readonly node: NodeTransport | null;
  private readonly monitor: NodeMonitor | null;
  private readonly http: HttpMonitor | null;
  private nodeState: ServerState | null = null;
  private mismatch = false;
  private program = "";
  private generatorCount = -1;
  private listFailure = "";
  private readonly list: GeneratorPoller;
  private last: Transport | null = null;

  constructor(
    private readonly transports: Transports,
    scheduler: Scheduler,
    private readonly host: Host,
    private readonly events: ConnectionEvents,
  ) {
    const { node, newHttpRequest, dicts } = transports;
    this.node = node && new NodeTransport(node, dicts);
    this.monitor =
      node &&
      new NodeMonitor(node, scheduler, {
        ready: () => this.nodeReady(),
        absent: () => this.nodeLost(),
      });
    this.list = new GeneratorPoller(scheduler, {
      listed: (generators) => this.onList(generators),
      failed: (failure) => this.onListFailure(failure),
    });
    this.http =
      newHttpRequest &&
      new HttpMonitor(
        newHttpRequest,
        scheduler,
        () => this.addresses(),
        () => this.update(),
      );
  }

  /** The transport to the server; null while there is none. */
  get transport(): Transport | null {
    if (this.monitor?.isReady && !this.mismatch) {
      return this.nodeState?.state === "connected" || this.nodeState?.state === "busy"
        ? this.node
        : null;
    }
    return this.http?.transport ?? null;
  }

  get nodeTransport(): NodeTransport | null {
    return this.monitor?.isReady ? this.node : null;
  }

  get addressOverHttp(): string {
    return this.http?.transport?.address ?? this.nodeState?.http ?? "";
  }

  /** Connect, or reconnect. */
  start(): void {
    this.mismatch = false;
    this.listFailure = "";
    const needsHttp = !this.monitor || this.monitor.hasWaited;
    if (this.monitor?.isReady) this.transports.node?.send(TO_NODE.connect, "auto");
    else this.monitor?.start();
    if (needsHttp) this.searchHttp();
    this.update();
  }

  /** Set the path of magenta-bridge; "" to search for it. */
  useProgram(path: string): void {
    this.program = path;
    if (this.monitor?.isReady) this.transports.node?.send(TO_NODE.program, path || EMPTY);
  }

  receive(selector: string, words: (string | number)[]): void {
    if (selector === FROM_NODE.ready) this.onReadyMessage(words);
    else if (selector === FROM_NODE.state) this.onNodeState(words);
    else this.node?.receive(selector, words);
  }

  receiveStatus(words: (string | number)[]): void {
    this.monitor?.onStatus(String(words[0] ?? ""));
  }

  /** A call has failed because no server responded. */
  reportUnavailable(): void {
    if (this.monitor?.isReady) this.transports.node?.send(TO_NODE.hello);
    else this.http?.reportUnavailable();
  }

  close(): void {
    this.list.use(null);
    this.http?.stop();
    this.node?.closing();
    this.monitor?.stop();
    this.transports.node?.send(TO_NODE.closing);
  }

  private onReadyMessage(words: (string | number)[]): void {
    this.mismatch = Number(words[0]) !== PROTOCOL_VERSION;
    this.nodeVersion = String(words[1] ?? "");
    this.monitor?.onReady();
    if (this.mismatch) this.update();
  }

  private nodeReady(): void {
    if (this.mismatch) return;
    this.http?.stop();
    this.transports.node?.send(TO_NODE.program, this.program || EMPTY);
    this.transports.node?.send(TO_NODE.connect, "auto");
    this.update();
  }

  private nodeLost(): void {
    this.nodeState = null;
    this.node?.lost();
    this.searchHttp();
    this.update();
  }

  private searchHttp(): void {
    if (this.http?.transport === null) this.http.start();
  }

  private onNodeState(words: (string | number)[]): void {
    const [state, grpc, http, ...text] = words.map(String);
    const next = {
      state: state as State,
      grpc: grpc ?? "",
      http: http ?? "",
      text: text.join(" "),
    };
    const last = this.nodeState;
    if (last && (next.state !== last.state || next.grpc !== last.grpc)) {
      // Another server may have other generators.
      this.last = null;
    }
    this.nodeState = next;
    this.host.serverAt(next.grpc, next.http);
    this.update();
  }

  private addresses(): string[] {
    const likely = [this.nodeState?.http, this.host.sharedHttp(), DEFAULT_HTTP];
    return [...new Set(likely.filter((address): address is string => !!address))];
  }

  private update(): void {
    const transport = this.transport;
    if (transport !== this.last) {
      const lost = this.last !== null && transport === null;
      this.last = transport;
      this.generatorCount = -1;
      if (lost) this.events.lost();
      this.list.use(transport);
    }
    this.events.status(this.status());
  }

  private onListFailure(failure: Failure): void {
    this.listFailure = sentenceOf(failure);
    if (failure.code === "unavailable") this.reportUnavailable();
    this.events.status(this.status());
  }

  private onList(generators: Generator[]): void {
    this.listFailure = "";
    this.generatorCount = generators.length;
    try {
      this.events.listed(generators);
    } catch (thrown) {
      this.listFailure = errorMessage(thrown);
    }
    this.events.status(this.status());
  }

  private status(): ConnectionStatus {
    if (this.mismatch) return { state: "error", text: TEXTS.otherVersion, path: "" };
    const transport = this.transport;
    if (transport) {
      if (this.listFailure) return this.statusOf("error", this.listFailure, transport.name);
      if (this.generatorCount < 0)
        return this.statusOf("starting", "Reading the list of generators.", transport.name);
      return this.statusOf("connected", this.connectedText(transport), transport.name);
    }
    if (this.monitor?.isReady) {
      return this.statusOf(
        this.nodeState?.state ?? "starting",
        this.nodeState?.text || TEXTS.starting,
        "",
      );
    }
    if (!this.http && !this.monitor) return this.statusOf("error", TEXTS.noTransport, "");
    return this.withoutNode();
  }

  private withoutNode(): ConnectionStatus {
    const hasChecked = this.http === null || this.http.hasChecked;
    if (!this.monitor)
      return this.statusOf(hasChecked ? "no server" : "starting", TEXTS.noServer, "");
    if (!this.monitor.hasWaited) return this.statusOf("starting", TEXTS.starting, "");
    return this.statusOf("no server", `Node for Max does not start. ${TEXTS.noServer}`, "");
  }

  private connectedText(transport: Transport): string {
    const many = this.generatorCount === 1 ? "1 generator" : `${this.generatorCount} generators`;
    const where =
      transport.name === "gRPC"
        ? this.nodeState?.grpc
        : this.addressOverHttp.replace("http://", "");
    return `${many} at ${where}${transport.name === "HTTP" ? " over HTTP" : ""}`;
  }

  private statusOf(state: State, text: string, path: ConnectionStatus["path"]): ConnectionStatus {
    return { state, text, path };
  }
}
