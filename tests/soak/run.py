"""Run mixed traffic and check that every response is right and that no resources leak.

``make soak MINUTES=3`` runs it. Two client processes call a real server process, beside clients
that die in the middle of a stream. Seeded responses are compared with those of the idle server.
Then, for a third of that time, a fresh server is called beside it, to detect slowdown. Prints one
JSON line, and its progress every minute. Exits with status 1 if a response is wrong, memory has
grown by more than 50 MiB (in a run of more than about half a minute), tasks, open requests or file
descriptors are left over, or the p99 of whole responses exceeds the fresh server's by more than a
fifth in three of four stretches.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.server.process import Process
from tests.soak.drift import drift
from tests.soak.golden import golden_answers

CLIENTS = 2
GROWTH_MIB = 50.0
DRIFT = 1.2
MOST_COMPARED_S = 600.0
SPARE_DESCRIPTORS = 8
SETTLE_S = 30.0
# Memory grows while each thread loads each program, for longer than a few samples.
FEWEST_SAMPLES = 20
# Time that clients have to start and to finish their last calls.
_EXTRA_S = 120.0
_TOTALS = ("generate", "stream", "leave", "bad", "late", "refused", "wrong")


@dataclass
class Server:
    """The server process and its memory.

    Attributes:
        process: The process.
        address: Its address.
        memory: Samples of its resident memory, in MiB.
    """

    process: Process
    address: str
    memory: list[float] = field(default_factory=list)

    def sample(self) -> None:
        """Add a sample of its memory."""
        self.memory.append(psutil.Process(self.process.process.pid).memory_info().rss / (1 << 20))

    def descriptors(self) -> int:
        """Return the number of its open files and sockets."""
        observed = psutil.Process(self.process.process.pid)
        return int(observed.num_handles() if sys.platform == "win32" else observed.num_fds())

    def count(self) -> dict[str, int]:
        """Return the numbers of its tasks and open requests."""
        self.process.write_line()
        counted: dict[str, int] = json.loads(self.process.line("{"))
        return counted


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Run the server of the soak test."""
    process = Process([sys.executable, "-m", "tests.soak.server"])
    try:
        yield Server(process, process.line(":").strip())
        process.stdin.close()
        process.wait()
    finally:
        process.close()


def run_traffic(server: Server, seconds: float, golden: dict[str, str]) -> list[dict[str, Any]]:
    """Run the client processes, and clients that crash; sample the server's memory."""
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(_running_client(server, seconds, number, golden))
            for number in range(CLIENTS)
        ]
        began, reported = time.monotonic(), 0
        while any(client.process.poll() is None for client in clients):
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Each crashes within a second or two.
                command = [sys.executable, "-m", "tests.soak.crash", server.address]
                subprocess.run(command, check=False, timeout=60)
            server.sample()
            passed = time.monotonic() - began
            if passed > seconds + _EXTRA_S:
                break
            if int(passed / 60) > reported:
                reported = int(passed / 60)
                _report(f"{reported} of {seconds / 60:.0f} minutes, {server.memory[-1]:.0f} MiB")
        return [_read_score(client, 1.0) for client in clients]


def _report(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)  # noqa: T201


def compare_with_fresh(
    server: Server, seconds: float, golden: dict[str, str]
) -> list[dict[str, Any]]:
    """Run the same client against the server and a fresh server at the same time."""
    with contextlib.ExitStack() as stack:
        fresh = stack.enter_context(running_server())
        clients = [
            stack.enter_context(_running_client(each, seconds, CLIENTS, golden))
            for each in (server, fresh)
        ]
        return [_read_score(client, seconds + _EXTRA_S) for client in clients]


@contextlib.contextmanager
def _running_client(
    server: Server, seconds: float, number: int, golden: dict[str, str]
) -> Iterator[Process]:
    words = [server.address, str(seconds), str(number)]
    client = Process([sys.executable, "-m", "tests.soak.traffic", *words])
    try:
        client.write_line(json.dumps(golden))
        client.stdin.close()
        yield client
    finally:
        client.close()


def _read_score(client: Process, seconds: float) -> dict[str, Any]:
    _, out, err = client.wait(seconds)
    if err:
        _report(err)
    score: dict[str, Any] = json.loads(out or '{"wrong": 1}')
    return score


def settle(server: Server, before: dict[str, int], descriptors: int) -> dict[str, int]:
    """Wait until the server is as it was at first; return the differences that are left."""
    until = time.monotonic() + SETTLE_S
    while True:
        now = server.count()
        left = {
            "tasks_left": now["tasks"] - before["tasks"],
            "open_left": now["open"],
            "descriptors_left": server.descriptors() - descriptors - SPARE_DESCRIPTORS,
        }
        if max(left.values()) <= 0 or time.monotonic() > until:
            return {name: max(0, value) for name, value in left.items()}


def growth(memory: Sequence[float]) -> float:
    """Return the growth of memory in MiB from the second fifth of the samples to the last.

    It is 0 with fewer than ``FEWEST_SAMPLES``: such a run ends during the warm-up.
    """
    if len(memory) < FEWEST_SAMPLES:
        return 0.0
    part = len(memory) // 5
    return statistics.median(memory[-part:]) - statistics.median(memory[part : 2 * part])


def soak(seconds: float) -> dict[str, float]:
    """Run traffic for some seconds, and return the result."""
    with running_server() as server:
        golden = golden_answers(server.address)
        before, descriptors = server.count(), server.descriptors()
        server.sample()
        scores = run_traffic(server, seconds, golden)
        compared_s = min(seconds / 3, MOST_COMPARED_S)
        _report(f"Now beside a fresh server, {compared_s / 60:.1f} minutes")
        compared = compare_with_fresh(server, compared_s, golden)
        left = settle(server, before, descriptors)
        server.sample()
    total: Counter[str] = Counter()
    for score in [*scores, *compared]:
        total.update({name: int(score.get(name, 0)) for name in _TOTALS})
    median, lower = drift(*(score.get("stretches", []) for score in compared))
    return {
        "seconds": seconds,
        **total,
        "generate_p99_ms": max(score.get("generate_p99_ms", 0.0) for score in scores),
        "p99_drift": round(median, 2),
        "p99_drift_quartile": round(lower, 2),
        "rss_first_mib": round(server.memory[0], 1),
        "rss_last_mib": round(server.memory[-1], 1),
        "rss_growth_mib": round(growth(server.memory), 1),
        **left,
    }


def faults(result: dict[str, float]) -> list[str]:
    """Return the names of the figures that exceed their limits."""
    bad = [
        name for name in ("wrong", "tasks_left", "open_left", "descriptors_left") if result[name]
    ]
    most = {"rss_growth_mib": GROWTH_MIB, "p99_drift_quartile": DRIFT}
    return bad + [name for name, limit in most.items() if result[name] > limit]


def main() -> None:
    """Run the command line; exit with status 1 if a figure exceeds its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="duration of the traffic")
    result = soak(60 * parser.parse_args().minutes)
    print(json.dumps({"soak": "mixed traffic", **result, "faults": faults(result)}))  # noqa: T201
    raise SystemExit(bool(faults(result)))


if __name__ == "__main__":
    main()
