"""Measure the overhead of a call: one at a time, and with 32 in flight.

The benchmark gets the description of one generator, which needs no computation, and one bar of
melody from a real server. It alternates with health checks of a bare gRPC server in another
process. Prints one JSON line per call. Targets: a median of at most 2 ms, a 99th percentile of at
most 10 ms, and 1,000 calls per second::

    python -m benchmarks.calls
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks.bench.serving import serving
from magenta_bridge.client import AsyncClient

GENERATOR: Final = "lstm_melody"
IN_FLIGHT: Final = 32
_TURNS: Final = 8
_BARE: Final = """
import asyncio, grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

async def main():
    server = grpc.aio.server()
    servicer = health.aio.HealthServicer()
    await servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()

asyncio.run(main())
"""

Call = Callable[[], Awaitable[object]]


@contextlib.contextmanager
def bare_server() -> Iterator[str]:
    """Run a gRPC server with only a health service, and yield its address."""
    command = [sys.executable, "-c", _BARE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"127.0.0.1:{process.stdout.readline().strip() if process.stdout else ''}"
        finally:
            process.terminate()


async def time_one_by_one(call: Call, count: int) -> list[float]:
    """Return the duration in seconds of each of ``count`` calls, made one at a time."""
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        await call()
        seconds.append(time.perf_counter() - began)
    return seconds


async def time_in_flight(call: Call, count: int) -> float:
    """Return the calls per second with ``IN_FLIGHT`` calls in flight."""
    left = iter(range(count))

    async def call_repeatedly() -> None:
        for _ in left:
            await call()

    began = time.perf_counter()
    await asyncio.gather(*(call_repeatedly() for _ in range(IN_FLIGHT)))
    return count / (time.perf_counter() - began)


async def measure(address: str, bare: str, samples: int) -> list[dict[str, object]]:
    """Measure each call, alternating with the bare one; return medians over the turns."""
    async with AsyncClient(address) as client, grpc.aio.insecure_channel(bare) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        calls: dict[str, Call] = {
            "bare": lambda: health.Check(health_pb2.HealthCheckRequest()),
            "GetGenerator": lambda: client.generator(GENERATOR),
            "Generate, one bar": lambda: client.generate(GENERATOR, bars=1, seed=1),
        }
        alone: dict[str, list[float]] = {name: [] for name in calls}
        rates: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(_TURNS):
            for name, call in calls.items():
                alone[name] += await time_one_by_one(call, max(1, samples // _TURNS))
                rates[name].append(await time_in_flight(call, max(IN_FLIGHT, samples // _TURNS)))
    reference = _figures("", alone.pop("bare"), rates.pop("bare"))
    return [_beside(_figures(name, alone[name], rates[name]), reference) for name in alone]


def _figures(name: str, alone: list[float], rates: list[float]) -> dict[str, object]:
    ordered = sorted(alone)
    return {
        "call": name,
        "samples": len(alone),
        "p50_ms": round(statistics.median(alone) * 1e3, 2),
        "p99_ms": round(ordered[min(int(0.99 * len(ordered)), len(ordered) - 1)] * 1e3, 2),
        "in_flight": IN_FLIGHT,
        "calls_per_second": round(statistics.median(rates)),
    }


def _beside(ours: dict[str, object], bare: dict[str, object]) -> dict[str, object]:
    kept = ("p50_ms", "p99_ms", "calls_per_second")
    return {"benchmark": "calls", **ours, **{f"bare_{key}": bare[key] for key in kept}}


def main() -> None:
    """Read the command line and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--samples", type=int, default=2000, help="number of calls of each kind, measured twice"
    )
    samples = max(_TURNS, parser.parse_args().samples)
    with serving() as server, bare_server() as bare:
        for line in asyncio.run(measure(server.address, bare, samples)):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
