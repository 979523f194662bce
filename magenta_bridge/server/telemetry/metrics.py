"""Prometheus metrics with stable names.

Names that begin with ``grpc_`` follow gRPC's proposal A66, so that dashboards for other gRPC
servers fit. Every label has few values, whatever callers send: each value is a series that is kept
for as long as the server runs.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from google.protobuf import descriptor_pool
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

OTHER: Final = "other"
MAX_NAMES: Final = 100

# A subset of A66's bounds: each is a series for every method and status.
_CALL_SECONDS: Final = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
)
_STEP_SECONDS: Final = (
    *(0.0001, 0.0003, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0),
)
# Codes of calls that are rejected before any work is done.
_REJECTED: Final = frozenset(
    {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNAUTHENTICATED", "PERMISSION_DENIED"}
)

_methods: dict[str, str] = {}


def known_method(method: str) -> str:
    """Return ``package.Service/Method`` if a proto defines the method, else ``other``.

    Args:
        method: The call's full method name, ``/package.Service/Method``.
    """
    known = _methods.get(method)
    if known is not None:
        return known
    name = method.removeprefix("/")
    try:
        found = descriptor_pool.Default().FindMethodByName(name.replace("/", "."))
    except (KeyError, ValueError):
        return OTHER
    if name != f"{found.containing_service.full_name}/{found.name}":
        return OTHER
    return _methods.setdefault(method, name)


class KnownNames:
    """Limits a label to known names, and to a maximum number of them.

    Generators may come and go while a server runs, and their series stay.

    Threading: safe from any thread.

    Args:
        known: Returns the names that are known now.
        limit: Maximum number of different names.
    """

    def __init__(self, known: Callable[[], Collection[str]], limit: int = MAX_NAMES) -> None:
        self._known = known
        self._limit = limit
        self._used: set[str] = set()
        self._lock = threading.Lock()

    def label(self, name: str) -> str:
        """Return the name, or ``other``."""
        if name in self._used:
            return name
        if name not in self._known():
            return OTHER
        with self._lock:
            if len(self._used) >= self._limit:
                return OTHER
            self._used.add(name)
        return name


class Metrics(Collector):
    """All metrics of one server, in their own registry; an ``Observer`` of calls.

    Threading: safe from any thread.

    Args:
        generators: Returns the ids of the loaded generators.

    Attributes:
        registry: The registry that a scrape reads.
    """

    def __init__(self, generators: Callable[[], Collection[str]]) -> None:
        # The creation times of the series would double their number.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._loaded = generators
        self._generators = KnownNames(generators)
        self._reasons = frozenset(error_classes())
        self._add_call_metrics()
        self._add_work_metrics()
        Info("magenta_bridge_build", "Version of the server.", registry=self.registry).info(
            {"version": __version__, "python": platform.python_version()}
        )
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=bounds, registry=self.registry)

    def _add_call_metrics(self) -> None:
        self._started = self._counter("grpc_server_call_started", "Started calls.", "grpc_method")
        self._ended = self._histogram(
            "grpc_server_call_duration_seconds",
            "Duration of calls.",
            _CALL_SECONDS,
            *("grpc_method", "grpc_status"),
        )
        self._in_flight = Gauge(
            "magenta_bridge_calls_in_flight", "Calls in flight.", registry=self.registry
        )
        self._requests = self._counter(
            "magenta_bridge_requests",
            "Completed calls that name a generator.",
            *("generator", "grpc_method", "grpc_status"),
        )
        self._rejected = self._counter("magenta_bridge_rejected", "Rejected calls.", "reason")
        self._failed = self._counter(
            "magenta_bridge_failed", "Admitted calls that ended with an error.", "reason"
        )

    def _add_work_metrics(self) -> None:
        self._step_wait = self._histogram(
            "magenta_bridge_step_wait_seconds", "Time steps waited for a thread.", _STEP_SECONDS
        )
        self._step_run = self._histogram(
            "magenta_bridge_step_run_seconds", "Run time of steps of work.", _STEP_SECONDS
        )
        self._chunks = self._counter(
            "magenta_bridge_chunks", "Generated chunks, including empty last ones.", "generator"
        )
        self._notes = self._counter("magenta_bridge_notes", "Generated notes.", "generator")
        self._music = self._counter(
            "magenta_bridge_music_seconds", "Duration of the generated music.", "generator"
        )

    def add_gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read at each scrape.

        Args:
            name: Its name, without ``magenta_bridge_``.
            text: Its description.
            read: Returns its value; called on the thread of a scrape.
        """
        Gauge(f"magenta_bridge_{name}", text, registry=self.registry).set_function(read)

    def began(self, call: Call) -> None:
        """Count the start of a call; see ``Observer``."""
        self._started.labels(known_method(call.method)).inc()
        self._in_flight.inc()

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        """Count the end of a call; see ``Observer``."""
        self._in_flight.dec()
        method = known_method(call.method)
        self._ended.labels(method, code).observe(seconds)
        if call.generator_id:
            generator = self._generators.label(call.generator_id)
            self._requests.labels(generator, method, code).inc()
        if reason:
            counter = self._rejected if code in _REJECTED else self._failed
            counter.labels(reason if reason in self._reasons else OTHER).inc()

    def stepped(self, waited_seconds: float, ran_seconds: float) -> None:
        """Count a step of work, from a worker thread."""
        self._step_wait.observe(waited_seconds)
        self._step_run.observe(ran_seconds)

    def wrote(self, generator_id: str, notes: int, seconds: float) -> None:
        """Count a generated chunk.

        Args:
            generator_id: The generator.
            notes: Number of its new notes; 0 in the last chunk of a variation.
            seconds: Duration of the music that the chunk adds.
        """
        generator = self._generators.label(generator_id)
        self._chunks.labels(generator).inc()
        self._notes.labels(generator).inc(notes)
        self._music.labels(generator).inc(seconds)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the loaded generators at the time of a scrape."""
        loaded = GaugeMetricFamily(
            "magenta_bridge_generator_loaded",
            "1 for each loaded generator.",
            labels=["generator"],
        )
        for name in sorted(self._loaded()):
            loaded.add_metric([name], 1.0)
        yield loaded
