"""A server under load: rates, queues, shares, repeated requests, deadlines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.client import Client
from magenta_bridge.errors import InvalidArgumentError, OverloadedError, RateLimitedError
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.answers import read_failure
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options

GATED = pb.GenerateRequest(generator_id="gated", options=options())
SCALE = pb.GenerateRequest(generator_id="scale", options=options())


@pytest.fixture
def single() -> Iterator[LiveServer]:
    """A server with one worker thread."""
    server = LiveServer(threads=1)
    yield server
    server.close()


def test_a_rate_limited_caller_gets_a_retry_delay() -> None:
    """Health checks and other clients are not limited."""
    live = LiveServer(calls_per_second=0.01)
    try:
        stub = GenerationServiceStub(live.channel)
        for _ in range(40):
            stub.GetGenerator(pb.GetGeneratorRequest(generator_id="scale"))
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetGenerator(pb.GetGeneratorRequest(generator_id="scale"))
        failure = read_failure(caught.value)
        assert (failure.code, failure.info.reason) == ("RESOURCE_EXHAUSTED", "RATE_LIMITED")
        assert failure.retry_s is not None
        assert 0 < failure.retry_s <= 100.0
        assert failure.quotas == ("calls per second",)
        health = health_pb2_grpc.HealthStub(live.channel)
        for _ in range(100):
            health.Check(health_pb2.HealthCheckRequest(), timeout=60)
        with Client(live.address) as other:
            assert other.generators()
    finally:
        live.close()


def test_overload_and_rate_limit_are_different_errors() -> None:
    live = LiveServer(threads=1, waiting=0, calls_per_second=0.001)
    try:
        with Client(live.address) as busy:
            call = GenerationServiceStub(live.channel).Generate.future(GATED, timeout=60)
            live.wait_until_open(1)
            for _ in range(16):
                stub = GenerationServiceStub(live.channel)
                with pytest.raises(grpc.RpcError) as caught:
                    stub.Generate(GATED, timeout=60)
                assert read_failure(caught.value).info.reason == "OVERLOADED"
            for _ in range(40):
                busy.generator("scale")
            with pytest.raises(OverloadedError) as refused:
                busy.generator("scale")
            assert type(refused.value) is RateLimitedError
            call.cancel()
    finally:
        live.close()


def test_one_client_cannot_use_all_slots(single: LiveServer) -> None:
    """When it has filled the queue, another client's first request is still accepted."""
    stub = GenerationServiceStub(single.channel)
    calls = [stub.Generate.future(GATED, timeout=60) for _ in range(65)]
    single.wait_until_open(65)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Generate(GATED, timeout=60)
    assert read_failure(caught.value).info.reason == "OVERLOADED"
    with grpc.insecure_channel(single.address, [("grpc.use_local_subchannel_pool", 1)]) as other:
        answer = GenerationServiceStub(other).Generate.future(SCALE, timeout=60)
        single.gated.gate.set()
        assert answer.result(60).sequences
    assert all(call.result(60).sequences for call in calls)


def test_a_request_that_is_queued_too_long_is_rejected() -> None:
    live = LiveServer(threads=1, queue_seconds=0.5)
    try:
        stub = GenerationServiceStub(live.channel)
        first = stub.Generate.future(GATED, timeout=60)
        assert live.gated.waiting.wait(60)
        with pytest.raises(grpc.RpcError) as caught:
            stub.Generate(SCALE, timeout=60)
        failure = read_failure(caught.value)
        assert (failure.code, failure.quotas) == ("RESOURCE_EXHAUSTED", ("queue age",))
        live.gated.gate.set()
        assert first.result(60).sequences
        live.wait_until_free()
    finally:
        live.close()


def test_a_long_stream_does_not_delay_a_bar(single: LiveServer) -> None:
    """Both are requests of one client and share one thread; ``FairQueue`` decides their order."""
    stub = GenerationServiceStub(single.channel)
    long = pb.StreamGenerateRequest(generator_id="scale", options=options(0.0, 21_600.0))
    chunks = stub.StreamGenerate(long, timeout=60)
    next(iter(chunks))
    assert stub.Generate(SCALE, timeout=60).sequences
    assert single.pool.open == 1, "the long stream ended before the bar"
    chunks.cancel()
    single.wait_until_free()


def test_a_repeated_request_gets_the_same_response(live: LiveServer) -> None:
    """Even without a seed."""
    stub = GenerationServiceStub(live.channel)
    request = pb.GenerateRequest(generator_id="scale", options=options(), request_id="once")
    first = stub.Generate(request, timeout=60)
    assert stub.Generate(request, timeout=60) == first
    # A new connection of the same caller, as after an outage.
    with grpc.insecure_channel(live.address, [("grpc.use_local_subchannel_pool", 1)]) as other:
        assert GenerationServiceStub(other).Generate(request, timeout=60) == first
    request.variations = 2
    with pytest.raises(grpc.RpcError) as caught:
        stub.Generate(request, timeout=60)
    assert read_failure(caught.value).fields == ("request_id",)


def test_a_repeated_request_does_not_repeat_the_work(single: LiveServer) -> None:
    stub = GenerationServiceStub(single.channel)
    request = pb.GenerateRequest(generator_id="gated", options=options(), request_id="once")
    calls = [stub.Generate.future(request, timeout=60) for _ in range(3)]
    assert single.gated.waiting.wait(60)
    assert single.pool.open == 1
    single.gated.gate.set()
    answers = [call.result(60) for call in calls]
    assert answers[0] == answers[1] == answers[2]


def test_a_client_gives_every_request_a_unique_id(live: LiveServer, client: Client) -> None:
    """So two equal requests without a seed get different music."""
    clips = {client.generate("scale").SerializeToString() for _ in range(8)}
    assert len(clips) > 1
    with pytest.raises(InvalidArgumentError):
        client.generate("scale", nonsense=1)
    live.wait_until_free()


def test_health_is_serving_while_all_threads_are_busy(live: LiveServer) -> None:
    """With more endless streams than threads, all read at full speed."""
    stop = threading.Event()

    def read() -> None:
        request = pb.StreamGenerateRequest(generator_id="scale", options=options(0.0, 21_600.0))
        with grpc.insecure_channel(live.address) as channel:
            while not stop.is_set():
                for _ in GenerationServiceStub(channel).StreamGenerate(request, timeout=60):
                    if stop.is_set():
                        break

    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    live.wait_until_open(4)
    health = health_pb2_grpc.HealthStub(live.channel)
    for _ in range(50):
        answer = health.Check(health_pb2.HealthCheckRequest(), timeout=60)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    stop.set()
    for reader in readers:
        reader.join(60)
        assert not reader.is_alive()
    live.wait_until_free()


def test_a_deadline_beyond_the_maximum_is_shortened() -> None:
    live = LiveServer(longest=0.05)
    try:
        call: Any = GenerationServiceStub(live.channel).Generate
        with pytest.raises(grpc.RpcError) as caught:
            call(GATED, timeout=3_600)
        assert read_failure(caught.value).code == "DEADLINE_EXCEEDED"
        live.wait_until_free()
    finally:
        live.close()
