"""Traces: a span for each call, sent only if enabled."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from magenta_bridge.errors import NotFoundError, UnsupportedError
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.telemetry.setup import open_tracing, traces_enabled
from magenta_bridge.server.telemetry.tracing import Tracing

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", ENDPOINT):
        monkeypatch.delenv(name, raising=False)


def _call(**fields: Any) -> Call:  # noqa: ANN401
    method = "/magenta_bridge.v1.GenerationService/Generate"
    return Call(method, time.monotonic() + 10, **fields)


async def _trace(call: Call, error: Exception | None = None) -> ReadableSpan:
    exporter = InMemorySpanExporter()
    boundary = Boundary(observers=[Tracing(SimpleSpanProcessor(exporter))])
    try:
        async with boundary.enter(call):
            if error is not None:
                raise error
    except CallError:
        assert error is not None
    (span,) = exporter.get_finished_spans()
    return span


@pytest.mark.asyncio
async def test_a_call_is_a_span() -> None:
    span = await _trace(_call(generator_id="scale", request_id="take 7"))
    assert span.name == "magenta_bridge.v1.GenerationService/Generate"
    assert span.kind is SpanKind.SERVER
    assert dict(span.attributes or {}) == {
        "rpc.system": "grpc",
        "rpc.service": "magenta_bridge.v1.GenerationService",
        "rpc.method": "Generate",
        "rpc.grpc.status_code": 0,
        "magenta_bridge.request_id": "take 7",
        "magenta_bridge.generator": "scale",
    }
    assert span.resource.attributes["service.name"] == "magenta-bridge"
    assert span.parent is None
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.asyncio
async def test_a_span_belongs_to_the_trace_of_its_caller() -> None:
    span = await _trace(_call(metadata={"traceparent": f"00-{TRACE}-{PARENT}-01"}))
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("error", "code", "status"),
    [(NotFoundError("No."), 5, StatusCode.UNSET), (KeyError("secret"), 13, StatusCode.ERROR)],
)
async def test_errors_are_recorded_and_server_errors_fail_the_span(
    error: Exception, code: int, status: StatusCode
) -> None:
    span = await _trace(_call(), error)
    attributes = span.attributes or {}
    assert attributes["rpc.grpc.status_code"] == code
    assert attributes["error.type"] == getattr(error, "reason", "INTERNAL")
    assert span.status.status_code is status
    assert "secret" not in span.to_json()


def test_a_call_that_a_gate_replaced_keeps_its_span() -> None:
    exporter = InMemorySpanExporter()
    tracing, call = Tracing(SimpleSpanProcessor(exporter)), _call()
    tracing.began(call)
    tracing.ended(replace(call, caller="me"), "OK", "", 0.1)
    assert len(exporter.get_finished_spans()) == 1


class _Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self.spans: list[str] = []
        self.services: set[str] = set()

    def Export(  # noqa: N802 - the rpc's name
        self,
        request: trace_service_pb2.ExportTraceServiceRequest,
        context: object,  # noqa: ARG002
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """Keep the names."""
        for row in request.resource_spans:
            self.services |= {
                entry.value.string_value
                for entry in row.resource.attributes
                if entry.key == "service.name"
            }
            self.spans += [span.name for scope in row.scope_spans for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Collector]:
    """A real collector on a free port, configured in the environment."""
    servicer = _Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{port}")
    yield servicer
    server.stop(0).wait(60)


@pytest.mark.asyncio
async def test_spans_reach_a_collector_before_the_server_exits(
    collector: _Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "on stage")
    tracing = open_tracing(required=False)
    assert tracing is not None
    async with Boundary(observers=[tracing]).enter(_call()):
        pass
    await tracing.stop()
    assert collector.spans == ["magenta_bridge.v1.GenerationService/Generate"]
    assert collector.services == {"on stage"}


@pytest.mark.asyncio
async def test_an_unreachable_collector_does_not_delay_the_shutdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    tracing = open_tracing(required=True)
    assert tracing is not None
    async with Boundary(observers=[tracing]).enter(_call()):
        pass
    await tracing.stop()
    assert not [
        thread for thread in threading.enumerate() if not thread.daemon and "Otel" in thread.name
    ]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({ENDPOINT: "http://127.0.0.1:4317"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4317"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", ENDPOINT: "http://127.0.0.1:4317"}, False),
        ({"OTEL_SDK_DISABLED": "True", "OTEL_TRACES_EXPORTER": "otlp"}, False),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, False),
    ],
)
def test_the_standard_variables_decide(environment: dict[str, str], wanted: bool) -> None:
    assert traces_enabled(environment) is wanted


def test_a_missing_extra_is_an_error_only_if_tracing_is_required(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "magenta_bridge.server.telemetry.tracing")
    with pytest.raises(UnsupportedError, match=r"pip install .*\[otel\]"):
        open_tracing(required=True)
    assert open_tracing(required=False) is None
    assert not caplog.messages
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    assert open_tracing(required=False) is None
    assert "magenta-bridge[otel]" in caplog.text


def test_another_protocol_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    with pytest.raises(UnsupportedError, match="OTEL_EXPORTER_OTLP_PROTOCOL"):
        open_tracing(required=True)
