/**
 * Messages between the v8 half and the Node half.
 *
 * Large values are sent in Max dicts. The v8 half creates every dict (Node can only fill existing
 * ones) and names it in the call; Node fills the response dict, sends `value`, and waits for `more`
 * before it fills the dict again, so that a slow reader slows the stream.
 */

import type { Connection } from "../host/view.ts";

/** v8 -> Node. */
export const TO_NODE = {
  /** `hello`: send `ready` and the state again. */
  hello: "hello",
  /** `connect HOST:PORT`, or `connect auto`: the default port, else a server of the device. */
  connect: "connect",
  /** `call ID METHOD REQUEST_DICT ANSWER_DICT`; METHOD is ListGenerators or StreamGenerate. */
  call: "call",
  /** `more ID`: the response dict has been read. */
  more: "more",
  /** `cancel ID`; the response is `failed ID cancelled ...`, after which its dicts are free. */
  cancel: "cancel",
  /** `program PATH`: the path of magenta-bridge; "-" to search for it. */
  program: "program",
  /** `report ID PATH REPORT_DICT`: write the self-test's report as a JSON file. */
  report: "report",
  /** `closing`: the device is being removed; stop our server and exit. */
  closing: "closing",
} as const;

/** The state that the Node half reports; addresses are "" for none. */
export interface ServerState {
  state: Connection;
  grpc: string;
  http: string;
  text: string;
}

/** Node -> v8. */
export const FROM_NODE = {
  /** `ready PROTOCOL_VERSION NODE_VERSION`: all handlers are registered. */
  ready: "ready",
  /** `state STATE GRPC_ADDRESS HTTP_ADDRESS TEXT`; STATE as in View's Connection; "-" for none. */
  state: "state",
  /** `value ID`: the response dict contains the next value. */
  value: "value",
  /** `done ID`. */
  done: "done",
  /** `failed ID CODE RETRY_AFTER REASON MESSAGE`; RETRY_AFTER -1 and REASON "-" for none. */
  failed: "failed",
} as const;

export const PROTOCOL_VERSION = 1;
