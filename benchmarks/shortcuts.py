"""Measure the gain of an optimization, as a ratio to the plain code in the same run.

``kernels``: ``runtime.cpu_kernels`` restricts LiteRT to vector kernels; the reference is LiteRT's
default. A ratio of 1 is expected on processors without matrix tiles. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from unittest import mock

STEPS = 1024


def _seconds(run: Callable[[], object]) -> float:
    began = time.thread_time()
    run()
    return time.thread_time() - began


def _step_seconds(plain: bool) -> float:
    """Return the seconds per step of an included program in this process."""
    from magenta_bridge.generators.loading import find_bundle
    from magenta_bridge.runtime import interpreter

    with contextlib.ExitStack() as stack:
        if plain:
            without = mock.patch.object(interpreter, "vector_kernels", contextlib.nullcontext)
            stack.enter_context(without)
        session = find_bundle("lstm_melody").program.session()

    def steps() -> None:
        for value in range(STEPS):
            session.step(value % 100)

    steps()
    return _seconds(steps) / STEPS


def measure_kernels(runs: int) -> dict[str, object]:
    """Measure both choices in new processes, alternately; return microseconds per step."""
    found: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(runs):
        for choice, seconds in found.items():
            words = [sys.executable, "-m", "benchmarks.shortcuts", "--kernels", choice]
            ended = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            seconds.append(float(ended.stdout))
    return _line("kernels", "step", *(statistics.median(each) for each in found.values()))


def _line(shortcut: str, unit: str, ours: float, plain: float) -> dict[str, object]:
    return {
        "benchmark": "shortcuts",
        "shortcut": shortcut,
        "unit": unit,
        "us": round(ours * 1e6, 2),
        "plain_us": round(plain * 1e6, 2),
        "ratio_to_plain": round(plain / ours, 2),
    }


def main() -> None:
    """Read the command line and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="number of measured runs")
    parser.add_argument(
        "--kernels", choices=["ours", "plain"], help="measure one choice and print it"
    )
    arguments = parser.parse_args()
    if arguments.kernels:
        print(_step_seconds(arguments.kernels == "plain"))
        return
    print(json.dumps(measure_kernels(max(1, arguments.runs))), flush=True)


if __name__ == "__main__":
    main()
