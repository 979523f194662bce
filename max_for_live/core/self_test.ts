/** The self-test: checks everything that the device depends on, and writes a report. */

import { decodeNotes, encodeNotes } from "./generation/notes.ts";
import { decode, encode } from "./host/dict_codec.ts";
import type { DeviceDependencies } from "./host/ports.ts";
import type { Connection } from "./transport/connection.ts";
import { DEFAULT_HTTP } from "./transport/http_monitor.ts";
import { HttpTransport } from "./transport/http_transport.ts";
import type { Failure, Transport } from "./transport/transport.ts";
import { errorMessage, sentenceOf } from "./transport/transport.ts";

type Findings = Record<string, unknown>;

/** Values that a Max dictionary may change. */
const PROBE = { one: [1], none: [], third: 1 / 3, big: 2 ** 53, text: "7", yes: true, rows: [{}] };

export function runSelfTest(
  dependencies: DeviceDependencies,
  connection: Connection,
  show: (text: string) => void,
): void {
  const report: Findings = {
    format: "magenta-bridge self-test 1",
    host: attempt(() => dependencies.host.facts()),
    live: attempt(() => dependencies.live.facts()),
    clip: attempt(() => clipFacts(dependencies)),
    notes: attempt(() => notesSurvive(dependencies)),
    dictionaries: attempt(() => dictionariesKeep(dependencies)),
    node: { ready: connection.nodeTransport !== null, version: connection.nodeVersion },
    path: connection.transport?.name ?? "",
  };
  const http = overHttp(dependencies, connection);
  measure(dependencies, connection.nodeTransport, (overGrpc) => {
    report.grpc = overGrpc;
    measure(dependencies, http, (found) => {
      report.http = found;
      write(dependencies, connection, report, show);
    });
  });
}

function overHttp(dependencies: DeviceDependencies, connection: Connection): Transport | null {
  const { newHttpRequest } = dependencies.transports;
  const address = connection.addressOverHttp || DEFAULT_HTTP;
  return newHttpRequest && new HttpTransport(address, newHttpRequest, dependencies.scheduler);
}

/** List the generators over this transport, and measure the time in seconds. */
function measure(
  dependencies: DeviceDependencies,
  transport: Transport | null,
  answer: (found: Findings) => void,
): void {
  if (transport === null) {
    answer({ ok: false, message: "This transport is not available." });
    return;
  }
  const startedAt = dependencies.scheduler.now();
  let generators: string[] = [];
  const seconds = () => Math.round((dependencies.scheduler.now() - startedAt) * 1000) / 1000;
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
  dependencies: DeviceDependencies,
  connection: Connection,
  report: Findings,
  show: (text: string) => void,
): void {
  const { host } = dependencies;
  const path = host.reportPath();
  const written = () => show(`Self-test ${verdict(report)}. Report: ${path}`);
  const withoutNode = (failure?: Failure) => {
    try {
      host.writeReport(path, `${JSON.stringify(report, null, 2)}\n`);
      written();
    } catch (thrown) {
      show(`Self-test: no report. ${failure ? sentenceOf(failure) : errorMessage(thrown)}`);
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
  return named.length === 0 ? "passed" : `found problems with ${named.join(", ")}`;
}

function attempt(check: () => unknown): unknown {
  try {
    return check();
  } catch (thrown) {
    return { ok: false, message: errorMessage(thrown) };
  }
}

function clipFacts(dependencies: DeviceDependencies): unknown {
  const clip = dependencies.live.selectedClip();
  return clip && { ...clip, name: "", notes: clip.notes.length };
}

/** Whether notes of the selected clip, or a sample, survive encoding and a dictionary. */
function notesSurvive(dependencies: DeviceDependencies): Findings {
  const selected = dependencies.live.selectedClip()?.notes.filter(({ mute }) => !mute) ?? [];
  const own = [{ pitch: 60, start_time: 1 / 3, duration: 1 / 7, velocity: 99 }];
  const notes = selected.length > 0 ? selected : own;
  const clock = { qpm: 120, numerator: 4, denominator: 4 };
  const { sequence, sent } = encodeNotes(notes, clock);
  const through = passDictionary(dependencies, sequence) as typeof sequence;
  const back = decodeNotes(through, clock.qpm, sent);
  return { ok: JSON.stringify(back) === JSON.stringify(notes), count: notes.length };
}

function dictionariesKeep(dependencies: DeviceDependencies): Findings {
  const back = passDictionary(dependencies, PROBE);
  return { ok: JSON.stringify(back) === JSON.stringify(PROBE), back };
}

function passDictionary(dependencies: DeviceDependencies, value: object): unknown {
  const { dicts } = dependencies.transports;
  const name = dicts.make();
  try {
    dicts.write(name, encode(value));
    return decode(dicts.read(name));
  } finally {
    dicts.free(name);
  }
}
