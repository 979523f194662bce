import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { HttpRequest, Scheduler } from "../../../core/host/ports.ts";
import { HttpTransport } from "../../../core/transport/http_transport.ts";
import type { GenerateRequest, StreamGenerateResponse } from "../../../core/transport/messages.ts";
import {
  type Call,
  type Failure,
  type Listener,
  NO_SERVER,
} from "../../../core/transport/transport.ts";
import { Traffic, xhrFor } from "../../../sim/xhr.ts";
import { Server } from "../../server.ts";

const XMLHttpRequest = xhrFor(
  new Traffic(),
  (act) => act(),
  () => {},
);

const REAL_TIME: Scheduler = {
  now: () => performance.now() / 1000,
  after: (seconds, action) => {
    const timer = setTimeout(action, seconds * 1000);
    return () => clearTimeout(timer);
  },
};

function melody(more: Partial<GenerateRequest> = {}): GenerateRequest {
  const options = { generateSections: [{ startTime: 0, endTime: 4 }] };
  return { generatorId: "lstm_melody", options, seed: "7", ...more };
}

/** Resolve with the values and the failure, if any. */
function whole<T>(begin: (listener: Listener<T>) => Call) {
  const values: T[] = [];
  return new Promise<{ values: T[]; failure: Failure | null }>((end) => {
    begin({
      next: (value) => values.push(value),
      done: () => end({ values, failure: null }),
      failed: (failure) => end({ values, failure }),
    });
  });
}

describe("with a real server", { timeout: 60_000 }, () => {
  let server: Server;
  let transport: HttpTransport;

  before(async () => {
    server = await Server.start();
    const newRequest = () => new XMLHttpRequest() as HttpRequest;
    transport = new HttpTransport(server.http, newRequest, REAL_TIME);
  });
  after(() => server.kill());

  const generate = (request: GenerateRequest) =>
    whole<StreamGenerateResponse>((listener) => transport.generate(request, listener));

  test("a health check succeeds", async () => {
    assert.equal(await new Promise((well) => transport.health(well)), true);
  });

  test("generators are listed with their arguments", async () => {
    const { values } = await whole((listener: Listener<{ id: string; arguments?: object[] }[]>) =>
      transport.listGenerators(listener as never),
    );
    assert.deepEqual(
      values[0]?.map(({ id }) => id),
      ["lstm_melody"],
    );
    assert.ok((values[0]?.[0]?.arguments?.length ?? 0) > 5);
  });

  test("variations arrive one by one, each with its own seed", async () => {
    const { values, failure } = await generate(melody({ variations: 2 }));
    assert.equal(failure, null);
    assert.deepEqual(
      values.map(({ variation, last, seed }) => [variation, last, seed]),
      [
        [0, true, "7"],
        [1, true, "7"],
      ],
    );
    const second = await generate(melody({ seed: "8" }));
    assert.deepEqual(values[1]?.chunk, second.values[0]?.chunk);
    assert.ok((values[1]?.chunk?.notes?.length ?? 0) > 0);
  });

  test("the same seed and settings give the same notes", async () => {
    const [one, other] = [await generate(melody()), await generate(melody())];
    assert.deepEqual(one, other);
  });

  test("a primer of 5,000 notes is continued", async () => {
    const notes = Array.from({ length: 5000 }, (_, index) => ({
      pitch: 60 + (index % 12),
      velocity: 90,
      startTime: index / 8,
      endTime: (index + 1) / 8,
    }));
    const options = { generateSections: [{ startTime: 626, endTime: 630 }] };
    const { values, failure } = await generate(melody({ primer: { notes }, options }));
    assert.equal(failure, null);
    assert.ok((values[0]?.chunk?.notes ?? []).every((note) => (note.startTime ?? 0) >= 626));
  });

  test("an error has the server's message and reason", async () => {
    const args = { temperature: { floatValue: 9 } };
    const { options } = melody();
    const { failure } = await generate(melody({ options: { ...options, args } }));
    assert.equal(failure?.code, "invalid_argument");
    assert.equal(failure?.reason, "INVALID_ARGUMENT");
    assert.match(failure?.message ?? "", /temperature must be 0 to 4/);
  });

  test("a canceled call has no further events, and ends at the server", async () => {
    const options = { generateSections: [{ startTime: 0, endTime: 1024 }] };
    const events: string[] = [];
    const call = transport.generate(melody({ options, requestId: "hang-up", variations: 2 }), {
      next: () => events.push("value"),
      done: () => events.push("done"),
      failed: () => events.push("failed"),
    });
    // The call is connected when a later call has completed.
    await generate(melody());
    call.cancel();
    await server.logged(/"method": "[^"]*\/Generate".*"code": "CANCELLED".*hang-up-0/);
    assert.deepEqual(events, []);
  });
});

test("without a server, a call fails as unavailable", { timeout: 10_000 }, async () => {
  const newRequest = () => new XMLHttpRequest() as HttpRequest;
  const transport = new HttpTransport("http://127.0.0.1:9", newRequest, REAL_TIME);
  const { failure } = await whole<StreamGenerateResponse>((listener) =>
    transport.generate(melody(), listener),
  );
  assert.equal(failure?.code, "unavailable");
  assert.equal(failure?.message, NO_SERVER.message);
});
