"""What a server does, in the numbers that somebody wants to see."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from magenta_bridge.cli.top.scrape import Scrape, newer_than, quantile, read_buckets

_STARTED = "grpc_server_call_started_total"
_DURATION = "grpc_server_call_duration_seconds"
_REQUESTS = "magenta_bridge_requests_total"


@dataclass(frozen=True)
class Spread:
    """How values lie.

    Attributes:
        p50: The median, in seconds; None without values.
        p99: What one of a hundred passes, in seconds; None without values.
    """

    p50: float | None
    p99: float | None


@dataclass(frozen=True)
class MethodRow:
    """The calls of one method.

    Attributes:
        method: Its short name.
        calls: How many have ended.
        errors: How many of them not well.
        per_second: How many ended each second.
        seconds: How long they took.
    """

    method: str
    calls: int
    errors: int
    per_second: float
    seconds: Spread


@dataclass(frozen=True)
class GeneratorRow:
    """The work of one generator.

    Attributes:
        generator: Its id; ``other`` for names that no generator bears.
        loaded: Whether it is there now.
        requests: Calls that named it and have ended.
        errors: How many of them not well.
        notes: Notes it has written.
        music_seconds: Music it has written.
        speed: Seconds of music written in each second.
    """

    generator: str
    loaded: bool
    requests: int
    errors: int
    notes: int
    music_seconds: float
    speed: float


@dataclass(frozen=True)
class Snapshot:
    """A server at one time. Rates and spreads are of the time since an earlier reading.

    Attributes:
        version: Its version.
        serving: Whether it takes calls; otherwise it is going away.
        uptime_seconds: How long it runs.
        memory_bytes: What it takes; None where the system does not say.
        window_seconds: The time that rates and spreads are of.
        calls: Calls begun since the server started.
        per_second: Calls begun each second.
        in_hand: Calls begun and not ended.
        requests_open: Requests worked on or waiting.
        steps_waiting: Steps of work that wait for a thread.
        rejected: Calls turned away, by reason.
        failed: Calls that ended with an error, by reason.
        step_wait: How long steps waited for a thread.
        step_run: How long steps ran.
        methods: A row for each method that was called.
        generators: A row for each generator.
    """

    version: str
    serving: bool
    uptime_seconds: float
    memory_bytes: float | None
    window_seconds: float
    calls: int
    per_second: float
    in_hand: int
    requests_open: int
    steps_waiting: int
    rejected: dict[str, int]
    failed: dict[str, int]
    step_wait: Spread
    step_run: Spread
    methods: tuple[MethodRow, ...]
    generators: tuple[GeneratorRow, ...]


def uptime(scrape: Scrape) -> float:
    """Returns for how many seconds the server had been running."""
    return scrape.value("magenta_bridge_uptime_seconds") or 0.0


def take_snapshot(now: Scrape, before: Scrape | None = None) -> Snapshot:
    """Returns what a reading says.

    Args:
        now: The reading.
        before: An earlier one of the same server; None counts from the server's start.
    """
    earlier = before or Scrape({})
    window = max(uptime(now) - uptime(earlier), 1e-9)
    (build,) = now.samples["magenta_bridge_build_info"]
    return Snapshot(
        version=build.labels.get("version", "?"),
        serving=bool(now.value("magenta_bridge_serving")),
        uptime_seconds=uptime(now),
        memory_bytes=now.value("process_resident_memory_bytes"),
        window_seconds=window,
        calls=_whole(now.value(_STARTED)),
        per_second=_grown(now.value(_STARTED), earlier.value(_STARTED)) / window,
        in_hand=_whole(now.value("magenta_bridge_calls_in_hand")),
        requests_open=_whole(now.value("magenta_bridge_requests_open")),
        steps_waiting=_whole(now.value("magenta_bridge_steps_waiting")),
        rejected=_counts(now, "magenta_bridge_rejected_total"),
        failed=_counts(now, "magenta_bridge_failed_total"),
        step_wait=_spread(now, earlier, "magenta_bridge_step_wait_seconds"),
        step_run=_spread(now, earlier, "magenta_bridge_step_run_seconds"),
        methods=_method_rows(now, earlier, window),
        generators=_generator_rows(now, earlier, window),
    )


def _method_rows(now: Scrape, before: Scrape, window: float) -> tuple[MethodRow, ...]:
    count = f"{_DURATION}_count"
    ended, bad = now.by(count, "grpc_method"), _bad(now, count, "grpc_method")
    earlier = before.by(count, "grpc_method")
    return tuple(
        MethodRow(
            method=method.rpartition("/")[2],
            calls=_whole(calls),
            errors=_whole(bad.get(method)),
            per_second=_grown(calls, earlier.get(method)) / window,
            seconds=_spread(now, before, _DURATION, grpc_method=method),
        )
        for method, calls in sorted(ended.items())
    )


def _generator_rows(now: Scrape, before: Scrape, window: float) -> tuple[GeneratorRow, ...]:
    loaded = now.by("magenta_bridge_generator_loaded", "generator")
    requests, bad = now.by(_REQUESTS, "generator"), _bad(now, _REQUESTS, "generator")
    notes = now.by("magenta_bridge_notes_total", "generator")
    music = now.by("magenta_bridge_music_seconds_total", "generator")
    earlier = before.by("magenta_bridge_music_seconds_total", "generator")
    return tuple(
        GeneratorRow(
            generator=name,
            loaded=name in loaded,
            requests=_whole(requests.get(name)),
            errors=_whole(bad.get(name)),
            notes=_whole(notes.get(name)),
            music_seconds=music.get(name, 0.0),
            speed=_grown(music.get(name), earlier.get(name)) / window,
        )
        for name in sorted(loaded.keys() | requests.keys())
    )


def _bad(scrape: Scrape, name: str, label: str) -> dict[str, float]:
    """Returns how many calls did not end well, by a label."""
    rows = [row for row in scrape.samples.get(name, []) if row.labels["grpc_status"] != "OK"]
    return Scrape({name: rows}).by(name, label)


def _counts(scrape: Scrape, name: str) -> dict[str, int]:
    return {reason: _whole(count) for reason, count in sorted(scrape.by(name, "reason").items())}


def _spread(now: Scrape, before: Scrape, name: str, **labels: str) -> Spread:
    buckets = newer_than(read_buckets(now, name, **labels), read_buckets(before, name, **labels))
    return Spread(quantile(buckets, 0.5), quantile(buckets, 0.99))


def _whole(number: float | None) -> int:
    return round(number or 0.0)


def _grown(now: float | None, before: float | None) -> float:
    return (now or 0.0) - (before or 0.0)


WINDOW_SECONDS: Final = 60.0


class History:
    """Keeps the readings of the last minute."""

    def __init__(self) -> None:
        self._readings: deque[Scrape] = deque()

    def add(self, scrape: Scrape) -> Snapshot:
        """Takes a new reading and returns what it says.

        A server that was started anew begins a new history.
        """
        if self._readings and uptime(scrape) < uptime(self._readings[-1]):
            self._readings.clear()
        self._readings.append(scrape)
        while uptime(self._readings[0]) < uptime(scrape) - WINDOW_SECONDS:
            self._readings.popleft()
        before = self._readings[0] if len(self._readings) > 1 else None
        return take_snapshot(scrape, before)

    def rates(self) -> list[float]:
        """Returns how many calls a second were begun between each two readings."""
        return [
            ((later.value(_STARTED) or 0.0) - (earlier.value(_STARTED) or 0.0))
            / max(uptime(later) - uptime(earlier), 1e-9)
            for earlier, later in pairwise(self._readings)
        ]
