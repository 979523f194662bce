"""An OpenTelemetry span for each call; importing this requires the extra ``otel``."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Final

import grpc
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from magenta_bridge import __version__
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.log import printable

_LAST_SPANS_SECONDS: Final = 2.0
# Server errors; by the semantic conventions, a caller's error does not fail the span.
_SERVER_ERRORS: Final = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)


class Tracing:
    """An ``Observer`` that starts a span when a call begins and ends it with the call.

    A caller's ``traceparent`` header makes the span part of the caller's trace.

    Args:
        processor: Handles ended spans; None sends them to the collector that the environment
            variables ``OTEL_EXPORTER_OTLP_...`` configure.
    """

    def __init__(self, processor: SpanProcessor | None = None) -> None:
        # Not the global provider: this one exports only our spans, until stop is called.
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("magenta_bridge", __version__)
        self._headers = TraceContextTextMapPropagator()
        self._open: dict[str, Span] = {}

    def began(self, call: Call) -> None:
        """Start the call's span; see ``Observer``."""
        name = call.method.removeprefix("/")
        service, _, method = name.partition("/")
        self._open[call.own_id] = self._tracer.start_span(
            name,
            context=self._headers.extract(call.metadata),
            kind=SpanKind.SERVER,
            attributes={
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": method,
                "magenta_bridge.request_id": printable(call.name),
            },
        )

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:  # noqa: ARG002
        """End the call's span; see ``Observer``."""
        span = self._open.pop(call.own_id, None)
        if span is None:
            return
        span.set_attribute("rpc.grpc.status_code", int(grpc.StatusCode[code].value[0]))
        if call.generator_id:
            span.set_attribute("magenta_bridge.generator", printable(call.generator_id))
        if reason:
            span.set_attribute("error.type", reason)
        if code in _SERVER_ERRORS:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    async def start(self) -> None:
        """Do nothing; spans are sent from the first call on."""

    async def stop(self) -> None:
        """Send the last spans, for two seconds at most."""
        # On a daemon thread, so that an unresponsive collector cannot keep the process.
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, _LAST_SPANS_SECONDS)


def _resource() -> Resource:
    named = "OTEL_SERVICE_NAME" in os.environ or "service.name" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    ours = {"service.version": __version__}
    return Resource.create(ours if named else {**ours, "service.name": "magenta-bridge"})
