/** The self-test: asks everything that the device depends on, and writes what it has found. */

import { decodeNotes, encodeNotes } from "./generation/notes.ts";
import type { DeviceParts } from "./host/dependencies.ts";
import { decode, encode } from "./host/dict_codec.ts";
import type { Connection } from "./transport/connection.ts";
import { messageOf, sentenceOf } from "./transport/failures.ts";
import { USUAL_HTTP } from "./transport/http_monitor.ts";
import { HttpTransport } from "./transport/http_transport.ts";
import type { Failure, Transport } from "./transport/transport.ts";

type Findings = Record<string, unknown>;

/** Numbers that a careless dictionary would spoil. */
const PROBE = { one: [1], none: [], third: 1 / 3, big: 2 ** 53, text: "7", yes: true, rows: [{}] };

export function runSelfTest(
  parts: DeviceParts,
  connection: Connection,
  tell: (text: string) => void,
): void {
  const report: Findings = {
    format: "magenta-bridge self-test 1",
    host: attempt(() => parts.host.facts()),
    live: attempt(() => parts.live.facts()),
    clip: attempt(() => clipFacts(parts)),
    notes: attempt(() => notesSurvive(parts)),
    dictionaries: attempt(() => dictionariesKeep(parts)),
    node: { ready: connection.nodeTransport !== null, version: connection.nodeVersion },
    path: connection.transport?.name ?? "",
  };
  const http = overHttp(parts, connection);
  measure(parts, connection.nodeTransport, (overGrpc) => {
    report.grpc = overGrpc;
    measure(parts, http, (found) => {
      report.http = found;
      write(parts, connection, report, tell);
    });
  });
}

function overHttp(parts: DeviceParts, connection: Connection): Transport | null {
  const { newHttpRequest } = parts.ways;
  const address = connection.addressOverHttp || USUAL_HTTP;
  return newHttpRequest && new HttpTransport(address, newHttpRequest, parts.later);
}

/** Lists the generators by this way, with the time that it takes in seconds. */
function measure(
  parts: DeviceParts,
  transport: Transport | null,
  answer: (found: Findings) => void,
): void {
  if (transport === null) {
    answer({ ok: false, message: "There is no such way here." });
    return;
  }
  const begun = parts.later.now();
  let generators: string[] = [];
  const seconds = () => Math.round((parts.later.now() - begun) * 1000) / 1000;
  transport.listGenerators({
    next: (list) => {
      generators = list.map(({ id }) => id);
    },
    done: () => answer({ ok: true, seconds: seconds(), generators }),
    failed: (failure) =>
      answer({ ok: false, seconds: seconds(), code: failure.code, message: sentenceOf(failure) }),
  });
}

function write(
  parts: DeviceParts,
  connection: Connection,
  report: Findings,
  tell: (text: string) => void,
): void {
  const { host } = parts;
  const path = host.reportPath();
  const written = () => tell(`Self-test: ${verdict(report)}; report in ${path}`);
  const withoutNode = (failure?: Failure) => {
    try {
      host.writeReport(path, `${JSON.stringify(report, null, 2)}\n`);
      written();
    } catch (thrown) {
      tell(`Self-test: no report; ${failure ? sentenceOf(failure) : messageOf(thrown)}`);
    }
  };
  const node = connection.nodeTransport;
  if (!node) {
    withoutNode();
    return;
  }
  node.report(path, report, { next: () => {}, done: written, failed: withoutNode });
}

function verdict(report: Findings): string {
  const ok = (name: string) => (report[name] as Findings | undefined)?.ok === true;
  const named = ["notes", "dictionaries", "grpc", "http"].filter((name) => !ok(name));
  return named.length === 0 ? "all well" : `trouble with ${named.join(", ")}`;
}

function attempt(look: () => unknown): unknown {
  try {
    return look();
  } catch (thrown) {
    return { ok: false, message: messageOf(thrown) };
  }
}

function clipFacts(parts: DeviceParts): unknown {
  const clip = parts.live.selectedClip();
  return clip && { ...clip, name: "", notes: clip.notes.length };
}

/** Whether the selected clip's notes, or some of our own, come back as they are. */
function notesSurvive(parts: DeviceParts): Findings {
  const selected = parts.live.selectedClip()?.notes.filter(({ mute }) => !mute) ?? [];
  const own = [{ pitch: 60, start_time: 1 / 3, duration: 1 / 7, velocity: 99 }];
  const notes = selected.length > 0 ? selected : own;
  const clock = { qpm: 120, numerator: 4, denominator: 4 };
  const { sequence, sent } = encodeNotes(notes, clock);
  const through = passDictionary(parts, sequence) as typeof sequence;
  const back = decodeNotes(through, clock.qpm, sent);
  return { ok: JSON.stringify(back) === JSON.stringify(notes), count: notes.length };
}

function dictionariesKeep(parts: DeviceParts): Findings {
  const back = passDictionary(parts, PROBE);
  return { ok: JSON.stringify(back) === JSON.stringify(PROBE), back };
}

function passDictionary(parts: DeviceParts, value: object): unknown {
  const { dicts } = parts.ways;
  const name = dicts.make();
  try {
    dicts.write(name, encode(value));
    return decode(dicts.read(name));
  } finally {
    dicts.free(name);
  }
}
