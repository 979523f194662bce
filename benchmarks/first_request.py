"""Measure how much longer the first request takes than later ones, for each included generator.

A new process of ``magenta-bridge serve`` gets requests for four bars as soon as its health is
SERVING. Prints one JSON line; the target is a ratio of at most 2.
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
    """Return the duration in seconds of each of ``count`` equal requests."""
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        bridge.generate(generator_id, bars=BARS, seed=1)
        seconds.append(time.perf_counter() - began)
    return seconds


def measure(runs: int, following: int) -> dict[str, object]:
    """Measure ``runs`` new servers, and return medians."""
    starts: list[float] = []
    ratios: dict[str, list[float]] = {}
    for _ in range(runs):
        with serving() as server, Client(server.address) as bridge:
            starts.append(server.ready_seconds)
            # This call connects; the connection is not measured.
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
    """Read the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="number of servers")
    parser.add_argument(
        "--following", type=int, default=20, help="number of requests after the first"
    )
    arguments = parser.parse_args()
    print(json.dumps(measure(max(1, arguments.runs), max(1, arguments.following))))


if __name__ == "__main__":
    main()
