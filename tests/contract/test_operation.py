"""Health, reflection, overload, slow readers and the shutdown of a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.answers import read_failure
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options

SERVING = health_pb2.HealthCheckResponse.SERVING
ENDLESS = pb.StreamGenerateRequest(generator_id="endless", options=options())
GATED = pb.GenerateRequest(generator_id="gated", options=options())


@pytest.fixture
def small() -> Iterator[LiveServer]:
    """A server that accepts three requests at a time."""
    server = LiveServer(threads=1, waiting=2)
    yield server
    server.close()


@pytest.mark.parametrize(
    "service",
    [
        "",
        "magenta_bridge.v1.GenerationService",
        "magenta_bridge.v1.ModelService",
        "magenta_bridge.v1.models/scale",
    ],
)
def test_health_is_serving(live: LiveServer, service: str) -> None:
    health = health_pb2_grpc.HealthStub(live.channel)
    request = health_pb2.HealthCheckRequest(service=service)
    assert health.Check(request, timeout=60).status == SERVING


def test_reflection_describes_the_service(live: LiveServer) -> None:
    """Including Magenta's own messages, so that generic clients can build a request."""
    stub = reflection_pb2_grpc.ServerReflectionStub(live.channel)
    make_request = reflection_pb2.ServerReflectionRequest
    requests = [
        make_request(list_services=""),
        make_request(file_containing_symbol="magenta_bridge.v1.GenerationService"),
        make_request(file_containing_symbol="magenta.NoteSequence"),
    ]
    services, ours, magenta = stub.ServerReflectionInfo(iter(requests), timeout=60)
    names = {service.name for service in services.list_services_response.service}
    assert {"magenta_bridge.v1.GenerationService", "grpc.health.v1.Health"} <= names
    for answer, package in ((ours, "magenta_bridge.v1"), (magenta, "magenta")):
        data = answer.file_descriptor_response.file_descriptor_proto[0]
        assert FileDescriptorProto.FromString(data).package == package


def test_overload_is_rejected_at_once_and_health_still_responds(small: LiveServer) -> None:
    """Accepted requests succeed; the others get a retry delay."""
    stub = GenerationServiceStub(small.channel)
    accepted = [stub.Generate.future(GATED, timeout=60) for _ in range(3)]
    small.wait_until_open(3)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Generate(GATED, timeout=60)
    failure = read_failure(caught.value)
    assert (failure.code, failure.info.reason) == ("RESOURCE_EXHAUSTED", "OVERLOADED")
    assert failure.retry_s == 0.25
    health = health_pb2_grpc.HealthStub(small.channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=60).status == SERVING
    small.gated.gate.set()
    assert all(call.result(60).sequences for call in accepted)


def test_a_slow_reader_delays_only_its_own_stream(small: LiveServer) -> None:
    """An endless stream that is not read stops when the connection's buffers are full."""
    stub = GenerationServiceStub(small.channel)
    call = stub.StreamGenerate(ENDLESS, timeout=60)
    next(iter(call))
    answer = stub.Generate(pb.GenerateRequest(generator_id="scale", options=options()), timeout=60)
    assert answer.sequences
    written = -1
    while written != small.endless.chunks:
        written = small.endless.chunks
        # Each of these round trips needs the only worker thread.
        for _ in range(20):
            stub.Generate(pb.GenerateRequest(generator_id="scale", options=options()), timeout=60)
        assert written < 500, "more than 32 MiB were generated ahead of the reader"
    call.cancel()
    assert small.endless.ended.wait(60)


def test_draining_ends_with_the_last_call(live: LiveServer) -> None:
    """A health watch, which never ends, does not extend it to the grace period."""
    health = live.watch_health()
    assert next(health) == SERVING
    live.begin_drain(600).result(60)
    assert next(health) == health_pb2.HealthCheckResponse.NOT_SERVING
    with pytest.raises(grpc.RpcError):
        next(health)


def test_calls_longer_than_the_grace_period_are_canceled(live: LiveServer) -> None:
    stub = GenerationServiceStub(live.channel)
    call = stub.Generate.future(GATED, timeout=60)
    assert live.gated.waiting.wait(60)
    live.begin_drain(0.05).result(60)
    with pytest.raises(grpc.RpcError) as caught:
        call.result(60)
    answer: Any = caught.value
    assert answer.code() is grpc.StatusCode.UNAVAILABLE
    assert live.gated.ended.wait(60)


def test_a_caller_that_disconnects_is_not_a_server_error(
    live: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    """No incident is logged, and the work ends."""
    stub = GenerationServiceStub(live.channel)
    request = pb.StreamGenerateRequest(generator_id="scale", options=options(0.0, 4_000.0))
    for _ in range(150):
        call = stub.StreamGenerate(request, timeout=60)
        next(iter(call))
        call.cancel()
    live.wait_until_free()
    assert caplog.records == []
