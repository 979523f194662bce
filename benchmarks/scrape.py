"""Measure a scrape of the metrics with many series, while idle and while streams are read.

A real server with the included bundles gets calls of all kinds, to create many series. Then its
metrics are read, alternating with its health, which is one word and serves as the reference.
Finally, this process creates the page with the maximum number of generators. Prints one JSON line;
the target is 20 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from prometheus_client import generate_latest

from benchmarks.bench.serving import serving
from benchmarks.streaming import quantile, read_together
from magenta_bridge.client import Client
from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.metrics import MAX_NAMES, Metrics
from magenta_bridge.v1 import generation_pb2

ROOT: Final = Path(__file__).resolve().parent.parent
CLIENTS: Final = 8
CODES: Final = (
    *("OK", "CANCELLED", "DEADLINE_EXCEEDED"),
    *("INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED"),
)


@contextlib.contextmanager
def streams_in_background(address: str) -> Iterator[None]:
    """Read streams continuously in another process."""
    command = [sys.executable, "-m", "benchmarks.scrape", "--read-from", address]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout and process.stdout.readline():  # started
                yield
        finally:
            process.kill()


def call_in_many_ways(address: str) -> None:
    """Call each generator with success, with an error and past the deadline."""
    with Client(address) as bridge, Client(address, timeout=0.001) as impatient:
        for name in [generator.id for generator in bridge.generators()]:
            list(bridge.stream(name, bars=1))
            bridge.generate(name, bars=1)
            for caller, temperature in ((bridge, 1e9), (impatient, 1.0)):
                with contextlib.suppress(MagentaBridgeError):
                    caller.generate(name, bars=64, temperature=temperature)
                with contextlib.suppress(MagentaBridgeError):
                    list(caller.stream(name, bars=64, temperature=temperature))
        with contextlib.suppress(MagentaBridgeError):
            bridge.generate("missing")


def read(address: str, path: str) -> tuple[float, str]:
    """Return the duration in seconds of reading a page over a new connection, and the page."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("GET", path)
    page = connection.getresponse().read().decode()
    connection.close()
    return time.perf_counter() - began, page


def read_alternately(address: str, samples: int, name: str) -> dict[str, float | int]:
    """Return the results of both pages."""
    metrics, health = [], []
    for _ in range(samples):
        health.append(read(address, "/healthz")[0])
        metrics.append(read(address, "/metrics")[0])
    middle = quantile(metrics, 0.5)
    return {
        f"{name}_p50_ms": round(1e3 * middle, 2),
        f"{name}_p99_ms": round(1e3 * quantile(metrics, 0.99), 2),
        f"{name}_health_p50_ms": round(1e3 * quantile(health, 0.5), 2),
        f"{name}_ratio_to_health": round(middle / quantile(health, 0.5), 2),
    }


def create_largest_page(samples: int) -> tuple[int, float]:
    """Return the series with the most generators, and the median CPU time of the page in ms."""
    names = [f"generator_{number:03}" for number in range(MAX_NAMES)]
    metrics = Metrics(lambda: names)
    service = generation_pb2.DESCRIPTOR.services_by_name["GenerationService"]
    for method in service.methods:
        for code in CODES:
            for name in names:
                call = Call(f"/{service.full_name}/{method.name}", 0.0, generator_id=name)
                metrics.began(call)
                metrics.ended(call, code, "", 0.01)
                metrics.wrote(name, 1, 1.0)
    seconds = []
    for _ in range(samples):
        began = time.thread_time()
        page = generate_latest(metrics.registry).decode()
        seconds.append(time.thread_time() - began)
    return series(page), round(1e3 * quantile(seconds, 0.5), 2)


def series(page: str) -> int:
    """Return the number of series of a page."""
    return sum(not line.startswith("#") for line in page.splitlines())


def measure(samples: int) -> dict[str, float | int | str]:
    """Measure all pages."""
    with serving("--metrics-port", "0", "--log-level", "warning") as server:
        address, pages = server.address, server.metrics
        call_in_many_ways(address)
        found = series(read(pages, "/metrics")[1])
        idle = read_alternately(pages, samples, "idle")
        with streams_in_background(address):
            busy = read_alternately(pages, samples, "busy")
    most_series, cpu_ms = create_largest_page(max(1, samples // 10))
    return {
        "benchmark": "scrape",
        "samples": samples,
        "series": found,
        **idle,
        "clients": CLIENTS,
        **busy,
        "most_series": most_series,
        "most_cpu_ms": cpu_ms,
    }


async def read_streams(address: str) -> None:
    """Read streams until this process is killed; print a line at the start."""
    print("Reading.", flush=True)
    while True:
        await read_together(address, CLIENTS, 32)


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--samples", type=int, default=500, help="number of scrapes, idle and busy each"
    )
    parser.add_argument("--read-from", metavar="ADDRESS", help="only read streams of this server")
    arguments = parser.parse_args(words)
    if arguments.read_from:
        asyncio.run(read_streams(arguments.read_from))
    print(json.dumps(measure(max(1, arguments.samples))))


if __name__ == "__main__":
    main()
