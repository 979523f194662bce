"""How much longer the first request takes than the next ones, for each shipped generator.

A fresh process of ``magenta-bridge serve`` is asked for four bars as soon as its health says
SERVING, and then again; a generator that was not warm would keep its first listener waiting.
Prints one JSON line; the target is a ratio of at most 2.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from benchmarks.bench.serving import serving
from magenta_bridge.client import Client

BARS = 4


def time_requests(bridge: Client, generator_id: str, count: int) -> list[float]:
    """Returns the seconds that each of some equal requests takes."""
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        bridge.generate(generator_id, bars=BARS, seed=1)
        seconds.append(time.perf_counter() - began)
    return seconds


def measure(runs: int, following: int) -> dict[str, object]:
    """Measures with ``runs`` fresh servers; medians over them."""
    starts: list[float] = []
    ratios: dict[str, list[float]] = {}
    for _ in range(runs):
        with serving() as server, Client(server.address) as bridge:
            starts.append(server.ready_seconds)
            # The connection itself is not what is measured.
            for generator in bridge.generators():
                first, *others = time_requests(bridge, generator.id, 1 + following)
                ratios.setdefault(generator.id, []).append(first / statistics.median(others))
    medians = {name: round(statistics.median(found), 2) for name, found in ratios.items()}
    return {
        "benchmark": "first_request",
        "runs": runs,
        "following": following,
        "ready_seconds": round(statistics.median(starts), 3),
        "ratios": medians,
        "largest_ratio": max(medians.values()),
    }


def main() -> None:
    """Reads the command line and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="servers to start")
    parser.add_argument("--following", type=int, default=20, help="requests after the first")
    arguments = parser.parse_args()
    print(json.dumps(measure(max(1, arguments.runs), max(1, arguments.following))))


if __name__ == "__main__":
    main()
