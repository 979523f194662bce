"""Mixed traffic for as long as you like: every answer right, and nothing piles up.

``make soak MINUTES=3`` runs it. A real server process is called by two client processes, beside
clients that die in mid-stream. Seeded answers are compared with those that the server gave at
rest. Then a fresh server is called beside it for a third of that time, to see whether the old one
has become slow. Prints one JSON line, and on the way each minute that has gone by; exits 1 when
an answer is wrong, memory has grown by more than 50 MiB, tasks, open requests or file descriptors
are left over, or the p99 of whole answers is above the fresh server's by more than a fifth in
three of four stretches.
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

from tests.soak.drift import drift
from tests.soak.golden import golden_answers

CLIENTS = 2
GROWTH_MIB = 50.0
DRIFT = 1.2
MOST_COMPARED_S = 600.0
SPARE_DESCRIPTORS = 8
SETTLE_S = 30.0
_TOTALS = ("generate", "stream", "leave", "bad", "late", "refused", "wrong")


@dataclass
class Server:
    """The server process and what it was seen to use.

    Attributes:
        process: The process.
        address: Where it listens.
        memory: Resident memory in MiB, sample by sample.
    """

    process: subprocess.Popen[str]
    address: str
    memory: list[float] = field(default_factory=list)

    def sample(self) -> None:
        """Notes its memory."""
        self.memory.append(psutil.Process(self.process.pid).memory_info().rss / (1 << 20))

    def descriptors(self) -> int:
        """Returns how many files and sockets it holds open."""
        observed = psutil.Process(self.process.pid)
        return int(observed.num_handles() if sys.platform == "win32" else observed.num_fds())

    def count(self) -> dict[str, int]:
        """Asks it for its tasks and open requests."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        counted: dict[str, int] = json.loads(self.process.stdout.readline())
        return counted


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Runs the server of the soak."""
    command = [sys.executable, "-m", "tests.soak.server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Server(process, process.stdout.readline().strip())
            assert process.stdin is not None
            process.stdin.close()
            process.wait(SETTLE_S)
        finally:
            process.kill()


def run_traffic(server: Server, seconds: float, golden: dict[str, str]) -> list[dict[str, Any]]:
    """Has the client processes call for so long, lets others die meanwhile, and takes samples."""
    clients = [_start_client(server, seconds, number, golden) for number in range(CLIENTS)]
    began, told = time.monotonic(), 0
    while any(client.poll() is None for client in clients):
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Each dies within a second or two; while it lives, nothing else is to be done.
            subprocess.run(
                [sys.executable, "-m", "tests.soak.crash", server.address], check=False, timeout=60
            )
        server.sample()
        minutes = int((time.monotonic() - began) / 60)
        if minutes > told:
            told = minutes
            _tell(f"{minutes} of {seconds / 60:.0f} minutes, {server.memory[-1]:.0f} MiB")
    return [_read_score(client) for client in clients]


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)  # noqa: T201


def compare_with_fresh(
    server: Server, seconds: float, golden: dict[str, str]
) -> list[dict[str, Any]]:
    """Has a client call the server and, at the same time and alike, one a fresh server."""
    with running_server() as fresh:
        clients = [_start_client(each, seconds, CLIENTS, golden) for each in (server, fresh)]
        return [_read_score(client) for client in clients]


def _start_client(
    server: Server, seconds: float, number: int, golden: dict[str, str]
) -> subprocess.Popen[str]:
    words = [server.address, str(seconds), str(number)]
    client = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.traffic", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert client.stdin is not None
    client.stdin.write(json.dumps(golden))
    client.stdin.close()
    return client


def _read_score(client: subprocess.Popen[str]) -> dict[str, Any]:
    with client:
        assert client.stdout is not None
        score: dict[str, Any] = json.loads(client.stdout.read() or '{"wrong": 1}')
        return score


def settle(server: Server, before: dict[str, int], descriptors: int) -> dict[str, int]:
    """Waits until the server is as it was at first; returns by how much it is not."""
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
    """Returns by how many MiB memory grew, from the second fifth of the samples to the last."""
    part = max(1, len(memory) // 5)
    early = memory[part : 2 * part] or memory[:1]
    return statistics.median(memory[-part:]) - statistics.median(early)


def soak(seconds: float) -> dict[str, float]:
    """Runs traffic for so long, and returns what came of it."""
    with running_server() as server:
        golden = golden_answers(server.address)
        before, descriptors = server.count(), server.descriptors()
        server.sample()
        scores = run_traffic(server, seconds, golden)
        compared_s = min(seconds / 3, MOST_COMPARED_S)
        _tell(f"Now beside a fresh server, {compared_s / 60:.1f} minutes")
        compared = compare_with_fresh(server, compared_s, golden)
        left = settle(server, before, descriptors)
        server.sample()
    total: Counter[str] = Counter()
    for score in [*scores, *compared]:
        total.update({name: int(score.get(name, 0)) for name in _TOTALS})
    middle, surely = drift(*(score.get("stretches", []) for score in compared))
    return {
        "seconds": seconds,
        **total,
        "generate_p99_ms": max(score.get("generate_p99_ms", 0.0) for score in scores),
        "p99_drift": round(middle, 2),
        "p99_drift_surely": round(surely, 2),
        "rss_first_mib": round(server.memory[0], 1),
        "rss_last_mib": round(server.memory[-1], 1),
        "rss_growth_mib": round(growth(server.memory), 1),
        **left,
    }


def faults(result: dict[str, float]) -> list[str]:
    """Returns the names of the figures that are not as they should be."""
    bad = [
        name for name in ("wrong", "tasks_left", "open_left", "descriptors_left") if result[name]
    ]
    most = {"rss_growth_mib": GROWTH_MIB, "p99_drift_surely": DRIFT}
    return bad + [name for name, limit in most.items() if result[name] > limit]


def main() -> None:
    """Reads the command line, prints the result, and exits 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long to call")
    result = soak(60 * parser.parse_args().minutes)
    print(json.dumps({"soak": "mixed traffic", **result, "faults": faults(result)}))  # noqa: T201
    raise SystemExit(bool(faults(result)))


if __name__ == "__main__":
    main()
