"""Everything that watches a server, put together as its settings say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.rpc.boundary import Observer
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.server.telemetry.call_log import CallLog
from magenta_bridge.server.telemetry.tracing_setup import open_tracing
from magenta_bridge.server.workers.pool import WorkerPool

if TYPE_CHECKING:
    from magenta_bridge.server.telemetry.metrics import Metrics
    from magenta_bridge.server.telemetry.metrics_server import MetricsPort
    from magenta_bridge.server.telemetry.tracing import Tracing


class Observation:
    """Log, metrics and traces of one server.

    Metrics are counted only where somebody asked for their port.

    Args:
        settings: How the server behaves.
        registry: The generators it serves.
        workers: The threads that do its work.
        serving: Whether requests are taken.

    Attributes:
        observers: Who hears of every call.
        metrics: What counts; None without a port.
        companions: What starts and stops with the server.

    Raises:
        UnsupportedError: Traces were asked for, and what they need is not installed.
    """

    def __init__(
        self,
        settings: ServerSettings,
        registry: GeneratorRegistry,
        workers: WorkerPool,
        serving: Callable[[], bool],
    ) -> None:
        self.observers: list[Observer] = [CallLog()]
        self.companions: list[MetricsPort | Tracing] = []
        self.metrics: Metrics | None = None
        self._port: MetricsPort | None = None
        if settings.metrics_port is not None:
            self.metrics = _count(registry, workers, serving)
            self._open_port(settings.metrics_port, self.metrics, serving)
        tracing = open_tracing(insist=settings.tracing)
        if tracing is not None:
            self.observers.append(tracing)
            self.companions.append(tracing)

    def _open_port(self, port: int, metrics: Metrics, serving: Callable[[], bool]) -> None:
        from magenta_bridge.server.telemetry.metrics_server import MetricsPort

        self._port = MetricsPort(port, metrics.registry, serving)
        self.observers.append(metrics)
        self.companions.append(self._port)

    def notices(self) -> list[str]:
        """Returns a line for each port that was opened."""
        return [f"Metrics on http://{self._port.address}/metrics"] if self._port else []


def _count(
    registry: GeneratorRegistry, workers: WorkerPool, serving: Callable[[], bool]
) -> Metrics:
    from magenta_bridge.server.telemetry.metrics import Metrics

    def generators() -> list[str]:
        return [generator.info.id for generator in registry.list()]

    metrics = Metrics(generators)
    began = time.monotonic()
    metrics.watch("uptime_seconds", "Since the server was made.", lambda: time.monotonic() - began)
    metrics.watch("serving", "1 while requests are taken, 0 while draining.", serving)
    metrics.watch("requests_open", "Requests worked on or waiting.", lambda: workers.open)
    metrics.watch("steps_waiting", "Steps that wait for a thread.", lambda: workers.waiting)
    workers.observe(metrics)
    return metrics
