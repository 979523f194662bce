"""The figures of the view, calculated from scrapes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from magenta_bridge.cli.top.scrape import Scrape, quantile, read_buckets

_STARTED = "grpc_server_call_started_total"
_DURATION = "grpc_server_call_duration_seconds"
_REQUESTS = "magenta_bridge_requests_total"


@dataclass(frozen=True)
class Quantiles:
    """The median and the 99th percentile in seconds; None without values."""

    p50: float | None
    p99: float | None


@dataclass(frozen=True)
class MethodRow:
    """The completed calls of one method, those with an error, and their durations."""

    method: str
    calls: int
    errors: int
    per_second: float
    seconds: Quantiles


@dataclass(frozen=True)
class GeneratorRow:
    """The requests of one generator.

    Attributes:
        generator: Its id; ``other`` for unknown ids.
        loaded: Whether it is loaded now.
        speed: Seconds of music generated per second.
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
    """A server at one time. Rates and quantiles cover the time since an earlier scrape.

    Attributes:
        serving: Whether the server accepts calls; otherwise it drains.
        memory_bytes: Its resident memory; None if the system does not report it.
        window_seconds: The time that rates and quantiles cover.
        calls: Calls started since the server started.
        per_second: Calls started per second.
        requests_open: Requests running or queued.
        rejected: Rejected calls, by reason.
        failed: Calls that ended with an error, by reason.
    """

    version: str
    serving: bool
    uptime_seconds: float
    memory_bytes: float | None
    window_seconds: float
    calls: int
    per_second: float
    in_flight: int
    requests_open: int
    steps_waiting: int
    rejected: dict[str, int]
    failed: dict[str, int]
    step_wait: Quantiles
    step_run: Quantiles
    methods: tuple[MethodRow, ...]
    generators: tuple[GeneratorRow, ...]


def uptime(scrape: Scrape) -> float:
    """Return the server's uptime in seconds."""
    return scrape.value("magenta_bridge_uptime_seconds") or 0.0


def take_snapshot(now: Scrape, before: Scrape | None = None) -> Snapshot:
    """Return the snapshot of a scrape.

    Args:
        now: The scrape.
        before: An earlier scrape of the same server; None covers the time since its start.
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
        calls=_count(now.value(_STARTED)),
        per_second=_increase(now.value(_STARTED), earlier.value(_STARTED)) / window,
        in_flight=_count(now.value("magenta_bridge_calls_in_flight")),
        requests_open=_count(now.value("magenta_bridge_requests_open")),
        steps_waiting=_count(now.value("magenta_bridge_steps_waiting")),
        rejected=_counts(now, "magenta_bridge_rejected_total"),
        failed=_counts(now, "magenta_bridge_failed_total"),
        step_wait=_quantiles(now, earlier, "magenta_bridge_step_wait_seconds"),
        step_run=_quantiles(now, earlier, "magenta_bridge_step_run_seconds"),
        methods=_method_rows(now, earlier, window),
        generators=_generator_rows(now, earlier, window),
    )


def _method_rows(now: Scrape, before: Scrape, window: float) -> tuple[MethodRow, ...]:
    count = f"{_DURATION}_count"
    ended, errors = now.by(count, "grpc_method"), _errors(now, count, "grpc_method")
    earlier = before.by(count, "grpc_method")
    return tuple(
        MethodRow(
            method=method.rpartition("/")[2],
            calls=_count(calls),
            errors=_count(errors.get(method)),
            per_second=_increase(calls, earlier.get(method)) / window,
            seconds=_quantiles(now, before, _DURATION, grpc_method=method),
        )
        for method, calls in sorted(ended.items())
    )


def _generator_rows(now: Scrape, before: Scrape, window: float) -> tuple[GeneratorRow, ...]:
    loaded = now.by("magenta_bridge_generator_loaded", "generator")
    requests, errors = now.by(_REQUESTS, "generator"), _errors(now, _REQUESTS, "generator")
    notes = now.by("magenta_bridge_notes_total", "generator")
    music = now.by("magenta_bridge_music_seconds_total", "generator")
    earlier = before.by("magenta_bridge_music_seconds_total", "generator")
    return tuple(
        GeneratorRow(
            generator=name,
            loaded=name in loaded,
            requests=_count(requests.get(name)),
            errors=_count(errors.get(name)),
            notes=_count(notes.get(name)),
            music_seconds=music.get(name, 0.0),
            speed=_increase(music.get(name), earlier.get(name)) / window,
        )
        for name in sorted(loaded.keys() | requests.keys())
    )


def _errors(scrape: Scrape, name: str, label: str) -> dict[str, float]:
    """Return the number of calls with an error, by a label."""
    rows = [row for row in scrape.samples.get(name, []) if row.labels["grpc_status"] != "OK"]
    return Scrape({name: rows}).by(name, label)


def _counts(scrape: Scrape, name: str) -> dict[str, int]:
    return {reason: _count(count) for reason, count in sorted(scrape.by(name, "reason").items())}


def _quantiles(now: Scrape, before: Scrape, name: str, **labels: str) -> Quantiles:
    earlier = read_buckets(before, name, **labels)
    buckets = {
        bound: count - earlier.get(bound, 0.0)
        for bound, count in read_buckets(now, name, **labels).items()
    }
    return Quantiles(quantile(buckets, 0.5), quantile(buckets, 0.99))


def _count(number: float | None) -> int:
    return round(number or 0.0)


def _increase(now: float | None, before: float | None) -> float:
    return (now or 0.0) - (before or 0.0)


WINDOW_SECONDS: Final = 60.0


class History:
    """The scrapes of the last minute."""

    def __init__(self) -> None:
        self._scrapes: deque[Scrape] = deque()

    def add(self, scrape: Scrape) -> Snapshot:
        """Add a scrape and return its snapshot; a restarted server starts a new history."""
        if self._scrapes and uptime(scrape) < uptime(self._scrapes[-1]):
            self._scrapes.clear()
        self._scrapes.append(scrape)
        while uptime(self._scrapes[0]) < uptime(scrape) - WINDOW_SECONDS:
            self._scrapes.popleft()
        before = self._scrapes[0] if len(self._scrapes) > 1 else None
        return take_snapshot(scrape, before)

    def rates(self) -> list[float]:
        """Return the calls started per second between each two scrapes."""
        return [
            _increase(later.value(_STARTED), earlier.value(_STARTED))
            / max(uptime(later) - uptime(earlier), 1e-9)
            for earlier, later in pairwise(self._scrapes)
        ]
