"""How much longer the first request takes than the next ones, for each shipped generator.

A fresh process of ``magenta-bridge serve`` is asked for four bars as soon as its health says
SERVING, and then again; a generator that was not warm would keep its first listener waiting.
Prints one JSON line; the target is a ratio of at most 2.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from magenta_bridge.client import Client

BARS = 4
_SERVE = "from magenta_bridge.cli.main import main; main(['serve', '--port', '0'])"


@contextlib.contextmanager
def a_server() -> Iterator[tuple[str, float]]:
    """Starts a server; yields its address, and seconds from the start to its ready line."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        seconds = time.perf_counter() - began
        try:
            yield line.rpartition(" on ")[2].split()[0], seconds
        finally:
            process.terminate()


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
        with a_server() as (address, seconds), Client(address) as bridge:
            starts.append(seconds)
            # The connection itself is not what is measured.
            for generator in bridge.generators():
                first, *others = time_requests(bridge, generator.id, 1 + following)
                ratios.setdefault(generator.id, []).append(first / statistics.median(others))
    told = {name: round(statistics.median(found), 2) for name, found in ratios.items()}
    return {
        "benchmark": "first_request",
        "runs": runs,
        "following": following,
        "ready_seconds": round(statistics.median(starts), 3),
        "ratios": told,
        "largest_ratio": max(told.values()),
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
