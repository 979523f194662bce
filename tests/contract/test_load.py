"""A server with much to do: rates, queues, shares, repeated requests, deadlines."""

from __future__ import annotations

import threading
import time
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


def test_who_calls_too_often_is_told_for_how_long_to_wait() -> None:
    """Health is answered all the same, and so is another client."""
    live = LiveServer(calls_per_second=0.5)
    try:
        stub = GenerationServiceStub(live.channel)
        for _ in range(40):
            stub.GetGenerator(pb.GetGeneratorRequest(generator_id="scale"))
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetGenerator(pb.GetGeneratorRequest(generator_id="scale"))
        failure = read_failure(caught.value)
        assert (failure.code, failure.info.reason) == ("RESOURCE_EXHAUSTED", "RATE_LIMITED")
        assert failure.retry_s is not None
        assert 0 < failure.retry_s <= 2.0
        assert failure.quotas == ("calls a second",)
        health = health_pb2_grpc.HealthStub(live.channel)
        for _ in range(100):
            health.Check(health_pb2.HealthCheckRequest(), timeout=10)
        with Client(live.address) as other:
            assert other.generators()
    finally:
        live.close()


def test_both_reasons_reach_a_client_as_different_errors() -> None:
    live = LiveServer(threads=1, waiting=0, calls_per_second=0.001)
    try:
        with Client(live.address) as busy:
            call = GenerationServiceStub(live.channel).Generate.future(GATED, timeout=60)
            live.wait_until_open(1)
            for _ in range(16):
                stub = GenerationServiceStub(live.channel)
                with pytest.raises(grpc.RpcError) as caught:
                    stub.Generate(GATED, timeout=10)
                assert read_failure(caught.value).info.reason == "OVERLOADED"
            for _ in range(40):
                busy.generator("scale")
            with pytest.raises(OverloadedError) as refused:
                busy.generator("scale")
            assert type(refused.value) is RateLimitedError
            call.cancel()
    finally:
        live.close()


def test_one_client_cannot_take_all_places(single: LiveServer) -> None:
    """Where it has filled the queue, another one's first request still gets in."""
    stub = GenerationServiceStub(single.channel)
    calls = [stub.Generate.future(GATED, timeout=60) for _ in range(65)]
    single.wait_until_open(65)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Generate(GATED, timeout=10)
    assert read_failure(caught.value).info.reason == "OVERLOADED"
    with grpc.insecure_channel(single.address, [("grpc.use_local_subchannel_pool", 1)]) as other:
        answer = GenerationServiceStub(other).Generate.future(SCALE, timeout=60)
        single.gated.gate.set()
        assert answer.result(30).sequences
    assert all(call.result(30).sequences for call in calls)


def test_who_waits_too_long_for_a_first_note_is_told_so() -> None:
    live = LiveServer(threads=1, queue_seconds=0.05)
    try:
        stub = GenerationServiceStub(live.channel)
        first = stub.Generate.future(GATED, timeout=60)
        assert live.gated.waiting.wait(10)
        with pytest.raises(grpc.RpcError) as caught:
            stub.Generate(SCALE, timeout=30)
        failure = read_failure(caught.value)
        assert (failure.code, failure.quotas) == ("RESOURCE_EXHAUSTED", ("queue age",))
        live.gated.gate.set()
        assert first.result(30).sequences
        live.wait_until_free()
    finally:
        live.close()


def test_a_bar_overtakes_a_long_piece(single: LiveServer) -> None:
    """Both are of one client and share one thread; the bar comes while the piece is written."""
    stub = GenerationServiceStub(single.channel)
    long = pb.StreamGenerateRequest(generator_id="scale", options=options(0.0, 4_000.0))
    pieces = iter(stub.StreamGenerate(long, timeout=60))
    next(pieces)
    begin = time.monotonic()
    assert stub.Generate(SCALE, timeout=30).sequences
    taken = time.monotonic() - begin
    rest = sum(1 for _ in pieces)
    assert rest > 1_900
    assert taken < (time.monotonic() - begin) / 4


def test_a_repeated_request_is_answered_as_before(live: LiveServer) -> None:
    """Even where nobody said which seed."""
    stub = GenerationServiceStub(live.channel)
    request = pb.GenerateRequest(generator_id="scale", options=options(), request_id="once")
    first = stub.Generate(request, timeout=10)
    assert stub.Generate(request, timeout=10) == first
    # A new connection of the same caller, as after an outage.
    with grpc.insecure_channel(live.address, [("grpc.use_local_subchannel_pool", 1)]) as other:
        assert GenerationServiceStub(other).Generate(request, timeout=10) == first
    request.variations = 2
    with pytest.raises(grpc.RpcError) as caught:
        stub.Generate(request, timeout=10)
    assert read_failure(caught.value).fields == ("request_id",)


def test_a_repetition_does_not_do_the_work_again(single: LiveServer) -> None:
    stub = GenerationServiceStub(single.channel)
    request = pb.GenerateRequest(generator_id="gated", options=options(), request_id="once")
    calls = [stub.Generate.future(request, timeout=60) for _ in range(3)]
    assert single.gated.waiting.wait(10)
    assert single.pool.open == 1
    single.gated.gate.set()
    answers = [call.result(30) for call in calls]
    assert answers[0] == answers[1] == answers[2]


def test_a_client_gives_every_request_an_id_of_its_own(live: LiveServer, client: Client) -> None:
    """So that two equal wishes without a seed are two pieces of music."""
    clips = {client.generate("scale").SerializeToString() for _ in range(8)}
    assert len(clips) > 1
    with pytest.raises(InvalidArgumentError):
        client.generate("scale", nonsense=1)
    live.wait_until_free()


def test_health_is_true_while_all_threads_work(live: LiveServer) -> None:
    """Real work: more endless streams than threads, all read as fast as they come."""
    stop = threading.Event()

    def read() -> None:
        request = pb.StreamGenerateRequest(generator_id="scale", options=options(0.0, 21_600.0))
        with grpc.insecure_channel(live.address) as channel:
            while not stop.is_set():
                for _ in GenerationServiceStub(channel).StreamGenerate(request, timeout=60):
                    if stop.is_set():
                        break

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    live.wait_until_open(4)
    health = health_pb2_grpc.HealthStub(live.channel)
    for _ in range(50):
        answer = health.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    stop.set()
    for reader in readers:
        reader.join(30)
    live.wait_until_free()


def test_a_deadline_beyond_the_longest_is_cut_to_it() -> None:
    live = LiveServer(longest=0.05)
    try:
        call: Any = GenerationServiceStub(live.channel).Generate
        with pytest.raises(grpc.RpcError) as caught:
            call(GATED, timeout=3_600)
        assert read_failure(caught.value).code == "DEADLINE_EXCEEDED"
        live.wait_until_free()
    finally:
        live.close()
