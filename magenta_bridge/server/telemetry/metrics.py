"""Counts what happens, for Prometheus; each number has a name that does not change.

Names that begin with ``grpc_`` are those of gRPC's own plan for metrics (proposal A66), so that
boards made for other gRPC servers fit. Every label has few values, whatever callers send.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Collection, Iterator
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from magenta_bridge import __version__
from magenta_bridge.errors import error_classes
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.labels import OTHER, KnownNames, known_method

# Every second or third bound of A66: a series each, for every method and status.
_CALL_SECONDS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
)
_STEP_SECONDS: Final = (
    *(0.0001, 0.0003, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0),
)
# The caller did nothing wrong, or has not proved who it is: it was turned away unheard.
_TURNED_AWAY: Final = frozenset(
    {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNAUTHENTICATED", "PERMISSION_DENIED"}
)


class Metrics:
    """All counters of one server, in a collection of their own.

    It is an ``Observer`` of calls, a ``WorkObserver`` of steps and a ``PieceObserver`` of music.

    Threading: any thread may call anything.

    Args:
        generators: Says which generators are loaded, by id.

    Attributes:
        registry: What a scrape reads.
    """

    def __init__(self, generators: Callable[[], Collection[str]]) -> None:
        # When each series began is nobody's question, and would be half of all series.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._generators = KnownNames(generators)
        self._reasons = frozenset(error_classes())
        self._count_calls()
        self._count_work()
        Info("magenta_bridge_build", "What is running.", registry=self.registry).info(
            {"version": __version__, "python": platform.python_version()}
        )
        self.registry.register(_Loaded(generators))
        ProcessCollector(registry=self.registry)

    def _count_calls(self) -> None:
        registry = self.registry
        self._started = Counter(
            "grpc_server_call_started", "Calls begun.", ["grpc_method"], registry=registry
        )
        self._ended = Histogram(
            "grpc_server_call_duration_seconds",
            "How long calls took, from their request to their end.",
            ["grpc_method", "grpc_status"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._in_hand = Gauge(
            "magenta_bridge_calls_in_hand", "Calls begun and not ended.", registry=registry
        )
        self._requests = Counter(
            "magenta_bridge_requests",
            "Calls that name a generator and have ended.",
            ["generator", "grpc_method", "grpc_status"],
            registry=registry,
        )
        self._rejected = Counter(
            "magenta_bridge_rejected", "Calls turned away.", ["reason"], registry=registry
        )
        self._failed = Counter(
            "magenta_bridge_failed",
            "Calls that were let in and ended with an error.",
            ["reason"],
            registry=registry,
        )

    def _count_work(self) -> None:
        registry = self.registry
        self._step_wait = Histogram(
            "magenta_bridge_step_wait_seconds",
            "How late steps of work ran, after they were queued for a thread.",
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._step_run = Histogram(
            "magenta_bridge_step_run_seconds",
            "How long steps of work ran.",
            buckets=_STEP_SECONDS,
            registry=registry,
        )
        self._chunks = Counter(
            "magenta_bridge_chunks",
            "Pieces of music; each variation ends with one that has no notes.",
            ["generator"],
            registry=registry,
        )
        self._notes = Counter(
            "magenta_bridge_notes", "Notes written.", ["generator"], registry=registry
        )
        self._music = Counter(
            "magenta_bridge_music_seconds",
            "Music written, in seconds of its own time.",
            ["generator"],
            registry=registry,
        )

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Adds a number that is read at each scrape.

        Args:
            name: Its name, after ``magenta_bridge_``.
            text: What it says.
            read: Returns it; called on the thread of a scrape.
        """
        Gauge(f"magenta_bridge_{name}", text, registry=self.registry).set_function(read)

    def began(self, call: Call) -> None:
        """See ``Observer``."""
        self._started.labels(known_method(call.method)).inc()
        self._in_hand.inc()

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        """See ``Observer``."""
        self._in_hand.dec()
        method = known_method(call.method)
        self._ended.labels(method, code).observe(seconds)
        if call.generator_id:
            generator = self._generators.label(call.generator_id)
            self._requests.labels(generator, method, code).inc()
        if reason:
            counter = self._rejected if code in _TURNED_AWAY else self._failed
            counter.labels(reason if reason in self._reasons else OTHER).inc()

    def stepped(self, waited_seconds: float, ran_seconds: float) -> None:
        """See ``WorkObserver``."""
        self._step_wait.observe(waited_seconds)
        self._step_run.observe(ran_seconds)

    def wrote(self, generator_id: str, notes: int, seconds: float) -> None:
        """See ``PieceObserver``."""
        generator = self._generators.label(generator_id)
        self._chunks.labels(generator).inc()
        self._notes.labels(generator).inc(notes)
        self._music.labels(generator).inc(seconds)


class _Loaded(Collector):
    """Which generators are loaded at the time of a scrape."""

    def __init__(self, generators: Callable[[], Collection[str]]) -> None:
        self._generators = generators

    def collect(self) -> Iterator[GaugeMetricFamily]:
        loaded = GaugeMetricFamily(
            "magenta_bridge_generator_loaded", "1 for each generator.", labels=["generator"]
        )
        for name in sorted(self._generators()):
            loaded.add_metric([name], 1.0)
        yield loaded
