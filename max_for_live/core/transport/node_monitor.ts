/**
 * Keeps Node running: sends heartbeats, and restarts it with increasing delays.
 *
 * Messages to a Node that is not up are lost, and Max reports the start before our handlers are
 * registered; only the Node half's `ready` counts.
 */

import type { NodePort, Scheduler } from "../host/ports.ts";
import { TO_NODE } from "./protocol.ts";

/** Seconds. */
const NODE_TIMES = {
  /** Between greetings until the first `ready`. */
  greeting: 1,
  /** Until Node counts as absent; loading a Set can take this long. */
  timeout: 6,
  /** Between heartbeats. */
  heartbeat: 10,
  /** Before each restart; after the last, only Reconnect tries again. */
  pauses: [1, 5, 15, 30, 60],
  /** Between stop and start. */
  rest: 1,
} as const;

const MAX_SILENT_BEATS = 2;
const ENDED = ["terminated", "stop", "stopped", "exit", "exited"];
const STARTED = ["start", "started", "loadend", "restarted"];

interface NodeEvents {
  ready(): void;
  /** It did not start, or has stopped. */
  absent(): void;
}

export class NodeMonitor {
  isReady = false;
  /** Whether it was absent since the last start. */
  hasWaited = false;
  private tries = 0;
  private silent = 0;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly port: NodePort,
    private readonly scheduler: Scheduler,
    private readonly events: NodeEvents,
  ) {}

  /** Start or restart, when the device is loaded or the user presses Reconnect. */
  start(): void {
    this.tries = 0;
    this.hasWaited = false;
    this.greet(NODE_TIMES.timeout);
  }

  stop(): void {
    this.cancelTimer();
    this.isReady = false;
  }

  /** The Node half has sent `ready`. */
  onReady(): void {
    const news = !this.isReady;
    this.isReady = true;
    this.hasWaited = false;
    this.silent = 0;
    this.tries = 0;
    this.wait(NODE_TIMES.heartbeat, () => this.beat());
    if (news) this.events.ready();
  }

  /** Handle a word from the right outlet of node.script; unknown words are ignored. */
  onStatus(word: string): void {
    if (ENDED.includes(word) && this.isReady) this.onLost();
    else if (STARTED.includes(word) && !this.isReady) this.port.send(TO_NODE.hello);
  }

  private greet(left: number): void {
    this.isReady = false;
    this.port.send(TO_NODE.hello);
    this.wait(NODE_TIMES.greeting, () => {
      const remaining = left - NODE_TIMES.greeting;
      if (remaining > 0) this.greet(remaining);
      else this.onLost();
    });
  }

  private beat(): void {
    if (this.silent >= MAX_SILENT_BEATS) {
      this.onLost();
      return;
    }
    this.silent += 1;
    this.port.send(TO_NODE.hello);
    this.wait(NODE_TIMES.heartbeat, () => this.beat());
  }

  private onLost(): void {
    this.isReady = false;
    this.hasWaited = true;
    const pause: number | undefined = NODE_TIMES.pauses[this.tries];
    this.tries += 1;
    if (pause === undefined) this.cancelTimer();
    else this.wait(pause, () => this.restart());
    this.events.absent();
  }

  private restart(): void {
    // The first time, Node may only be slow.
    if (this.tries > 1) this.port.send("script", "stop");
    this.wait(NODE_TIMES.rest, () => {
      this.port.send("script", "start");
      this.greet(NODE_TIMES.timeout);
    });
  }

  private wait(seconds: number, action: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.scheduler.after(seconds, action);
  }
}
