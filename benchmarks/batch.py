"""Measure clips per second: one by one, many at once, and in this process.

Each clip has eight bars of melody. The three ways take turns, so that the reference, one by one
through the same server, is measured in the same run. Prints one JSON line per way::

    python -m benchmarks.batch
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import magenta_bridge as mb
from benchmarks.bench.serving import serving
from magenta_bridge.client import AsyncClient, Client

GENERATOR: Final = "lstm_melody"
BARS: Final = 8
_TURNS: Final = 3


def requests_of(count: int) -> list[dict[str, Any]]:
    """Return that many different requests."""
    return [{"generator_id": GENERATOR, "bars": BARS, "seed": seed} for seed in range(count)]


def ways(address: str) -> dict[str, Callable[[int], int]]:
    """Return the ways to generate a number of clips, by name; each returns how many it got."""
    local = mb.load(GENERATOR)

    def one_by_one(count: int) -> int:
        with Client(address) as client:
            return len([client.generate(**each) for each in requests_of(count)])

    def many(count: int) -> int:
        with Client(address) as client:
            return len(client.generate_many(requests_of(count)))

    def many_async(count: int) -> int:
        async def run() -> int:
            async with AsyncClient(address) as client:
                return len(await client.generate_many(requests_of(count)))

        return asyncio.run(run())

    def gathered(count: int) -> int:
        async def run() -> int:
            async with AsyncClient(address) as client:
                calls = [client.generate(**each) for each in requests_of(count)]
                return len(await asyncio.gather(*calls))

        return asyncio.run(run())

    def in_process(count: int) -> int:
        return len([local.generate(bars=BARS, seed=seed) for seed in range(count)])

    return {
        "one by one": one_by_one,
        "generate_many": many,
        "generate_many, asyncio": many_async,
        "asyncio.gather": gathered,
        "in process": in_process,
    }


def main() -> None:
    """Print the clips per second of each way, and their ratio to one by one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=400, help="Clips of each way and turn.")
    clips = parser.parse_args().clips
    rates: dict[str, list[float]] = {}
    with serving() as server:
        for turn in range(_TURNS + 1):
            for name, way in ways(server.address).items():
                began = time.perf_counter()
                got = way(clips if turn else clips // 10 + 1)  # the first turn warms up
                if turn:
                    rates.setdefault(name, []).append(got / (time.perf_counter() - began))
    reference = statistics.median(rates["one by one"])
    for name, found in rates.items():
        rate = statistics.median(found)
        row = {"way": name, "clips": clips, "clips_per_s": round(rate, 1)}
        print(json.dumps({**row, "ratio": round(rate / reference, 2)}))


if __name__ == "__main__":
    main()
