/**
 * The words between the v8 half and the Node half.
 *
 * Large values travel in Max dicts. The v8 half makes every dict (Node can only fill one that there
 * is) and names it in the call; Node fills the answer's dict, says `value`, and waits for `more`
 * before it fills it again, so that a slow reader slows the stream.
 */

/** v8 -> Node. */
export const TO_NODE = {
  /** `hello`: say `ready` and the state again. */
  hello: "hello",
  /** `connect HOST:PORT`, or `connect auto`: the usual port, else a server of our own. */
  connect: "connect",
  /** `call ID METHOD REQUEST_DICT ANSWER_DICT`; METHOD is ListGenerators or StreamGenerate. */
  call: "call",
  /** `more ID`: the answer's dict has been read. */
  more: "more",
  /** `cancel ID`; it is answered by `failed ID cancelled ...`, after which its dicts are free. */
  cancel: "cancel",
  /** `program PATH`: where magenta-bridge lies; "-" to look on PATH. */
  program: "program",
  /** `report ID PATH REPORT_DICT`: write the self-test's report as a JSON file. */
  report: "report",
  /** `closing`: the device goes; end what is ours and exit. */
  closing: "closing",
} as const;

/** Node -> v8. */
export const FROM_NODE = {
  /** `ready PROTOCOL_VERSION NODE_VERSION`: handlers are in place. */
  ready: "ready",
  /** `state STATE GRPC_ADDRESS HTTP_ADDRESS TEXT`; STATE as in View's Connection; "-" for none. */
  state: "state",
  /** `value ID`: the answer's dict holds the next value. */
  value: "value",
  /** `done ID`. */
  done: "done",
  /** `failed ID CODE RETRY_AFTER REASON MESSAGE`; RETRY_AFTER -1 and REASON "-" for none. */
  failed: "failed",
} as const;

export const PROTOCOL_VERSION = 1;
