"""Set up a server's log, metrics and traces from its settings."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.rpc.boundary import Observer
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.server.telemetry.log import CallLog
from magenta_bridge.server.workers.pool import WorkerPool

if TYPE_CHECKING:
    from magenta_bridge.server.telemetry.metrics import Metrics
    from magenta_bridge.server.telemetry.metrics_server import MetricsPort
    from magenta_bridge.server.telemetry.tracing import Tracing

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

_log = logging.getLogger(__name__)


class Telemetry:
    """Log, metrics and traces of one server. Without a metrics port, nothing is counted.

    Args:
        settings: How the server behaves.
        registry: The generators it serves.
        workers: The threads that run the generators.
        serving: Returns whether calls are accepted.

    Attributes:
        observers: Observers of every call.
        metrics: The metrics; None without a port.
        companions: What to start and stop with the server.

    Raises:
        UnsupportedError: The settings require traces, and these cannot be sent.
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
            from magenta_bridge.server.telemetry.metrics_server import MetricsPort

            self.metrics = _create_metrics(registry, workers, serving)
            self._port = MetricsPort(settings.metrics_port, self.metrics.registry, serving)
            self.observers.append(self.metrics)
            self.companions.append(self._port)
        tracing = open_tracing(required=settings.tracing)
        if tracing is not None:
            self.observers.append(tracing)
            self.companions.append(tracing)

    def notices(self) -> list[str]:
        """Return a line for each port that was opened."""
        return [f"Metrics on http://{self._port.address}/metrics"] if self._port else []


def _create_metrics(
    registry: GeneratorRegistry, workers: WorkerPool, serving: Callable[[], bool]
) -> Metrics:
    from magenta_bridge.server.telemetry.metrics import Metrics

    metrics = Metrics(lambda: [generator.info.id for generator in registry.list()])
    began = time.monotonic()
    metrics.add_gauge("uptime_seconds", "Uptime.", lambda: time.monotonic() - began)
    metrics.add_gauge("serving", "1 while calls are accepted, 0 while draining.", serving)
    metrics.add_gauge("requests_open", "Requests running or queued.", lambda: workers.open)
    metrics.add_gauge("steps_waiting", "Steps that wait for a thread.", lambda: workers.waiting)
    workers.observe(metrics.stepped)
    return metrics


def open_tracing(*, required: bool) -> Tracing | None:
    """Return the tracing of calls; None if it is neither required nor enabled.

    Args:
        required: Whether to fail if traces cannot be sent. Otherwise the standard ``OTEL_...``
            variables decide; they may be meant for other programs, so a failure is only logged.

    Raises:
        UnsupportedError: Tracing is required, and the ``otel`` extra is missing or the protocol is
            not supported.
    """
    if not required and not traces_enabled(os.environ):
        return None
    try:
        _check_protocol(os.environ)
        from magenta_bridge.server.telemetry.tracing import Tracing

        return Tracing()
    except ImportError as error:
        failure = UnsupportedError(
            'Traces require OpenTelemetry; run: pip install "magenta-bridge[otel]"'
        )
        failure.__cause__ = error
    except UnsupportedError as error:
        failure = error
    if required:
        raise failure
    _log.warning("%s", failure.message)
    return None


def traces_enabled(environment: Mapping[str, str]) -> bool:
    """Return whether the standard variables enable traces over OTLP."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return "otlp" in exporter.split(",")
    return any(environment.get(name) for name in _ENDPOINTS)


def _check_protocol(environment: Mapping[str, str]) -> None:
    for name in _PROTOCOLS:
        protocol = environment.get(name, "").strip().lower()
        if protocol not in ("", "grpc"):
            raise UnsupportedError(
                f"Traces can only be sent over gRPC, but {name} is {protocol!r}; set it to grpc."
            )
