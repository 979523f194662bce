"""How long a scrape of the metrics takes, with many labels, idle and while streams are read.

A real server with the shipped bundles is called in many ways, so that there are many series. Then
its two pages are read in turn, the metrics and the health, which is a word and thus the reference:
what else the machine does holds both up. Last, the page of as many generators as get names of
their own is made in this process. Prints one JSON line; the target is 20 ms.
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
from benchmarks.streaming import listen_together, quantile
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
def others_listening(address: str) -> Iterator[None]:
    """Has another process read streams, all the time."""
    command = [sys.executable, "-m", "benchmarks.scrape", "--listen-to", address]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout and process.stdout.readline():  # it has begun
                yield
        finally:
            process.kill()


def call_in_many_ways(address: str) -> None:
    """Lets each generator answer, refuse, and be late."""
    with Client(address) as bridge, Client(address, timeout=0.001) as hurried:
        for name in [generator.id for generator in bridge.generators()]:
            list(bridge.stream(name, bars=1))
            bridge.generate(name, bars=1)
            for caller, temperature in ((bridge, 1e9), (hurried, 1.0)):
                with contextlib.suppress(MagentaBridgeError):
                    caller.generate(name, bars=64, temperature=temperature)
                with contextlib.suppress(MagentaBridgeError):
                    list(caller.stream(name, bars=64, temperature=temperature))
        with contextlib.suppress(MagentaBridgeError):
            bridge.generate("missing")


def read(address: str, path: str) -> tuple[float, str]:
    """Returns the seconds that a page takes, on a connection of its own, and the page."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("GET", path)
    page = connection.getresponse().read().decode()
    connection.close()
    return time.perf_counter() - began, page


def read_in_turn(address: str, samples: int, name: str) -> dict[str, float | int]:
    """Returns the figures of both pages."""
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


def make_the_longest_page(samples: int) -> tuple[int, float]:
    """Returns the series of the most generators, and the processor's median ms for the page."""
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
    """Counts the series of a page."""
    return sum(not line.startswith("#") for line in page.splitlines())


def measure(samples: int) -> dict[str, float | int | str]:
    """Measures everything."""
    with serving("--metrics-port", "0", "--log-level", "warning") as server:
        address, pages = server.address, server.metrics
        call_in_many_ways(address)
        found = series(read(pages, "/metrics")[1])
        idle = read_in_turn(pages, samples, "idle")
        with others_listening(address):
            busy = read_in_turn(pages, samples, "busy")
    longest, took_ms = make_the_longest_page(max(1, samples // 10))
    return {
        "benchmark": "scrape",
        "samples": samples,
        "series": found,
        **idle,
        "clients": CLIENTS,
        **busy,
        "most_series": longest,
        "most_cpu_ms": took_ms,
    }


async def listen_on(address: str) -> None:
    """Reads streams until this process is ended; says when it begins."""
    print("Listening.", flush=True)
    while True:
        await listen_together(address, CLIENTS, 32)


def main(words: Sequence[str] | None = None) -> None:
    """Reads the command line and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=500, help="scrapes each, idle and busy")
    parser.add_argument("--listen-to", metavar="ADDRESS", help="only read streams from there")
    asked = parser.parse_args(words)
    if asked.listen_to:
        asyncio.run(listen_on(asked.listen_to))
    print(json.dumps(measure(max(1, asked.samples))))


if __name__ == "__main__":
    main()
