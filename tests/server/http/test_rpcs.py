"""The contract of every rpc, over HTTP, in both encodings."""

from __future__ import annotations

import random
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from magenta_bridge.limits import MESSAGE_BYTES
from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import CASES, SLOW_CASES, RpcCase
from tests.server.http.client import (
    FailedCall,
    call,
    connect,
    content_type,
    encode,
    fetch,
    frame,
)

every_rpc = pytest.mark.parametrize("case", CASES, ids=lambda case: case.method.split("/")[-1])
GENERATING = tuple(
    case for case in SLOW_CASES if "generator_id" in case.good.DESCRIPTOR.fields_by_name
)
generating_rpcs = pytest.mark.parametrize(
    "case", GENERATING, ids=lambda case: case.method.split("/")[-1]
)
slow_rpcs = pytest.mark.parametrize("case", SLOW_CASES, ids=lambda case: case.method.split("/")[-1])
both_encodings = pytest.mark.parametrize("encoding", ["json", "proto"])


@every_rpc
@both_encodings
def test_a_good_request_gets_the_same_response_as_over_grpc(
    live: LiveServer, case: RpcCase, encoding: str
) -> None:
    """On two servers, since some requests cannot be sent twice to one."""
    other = LiveServer()
    try:
        there = case.call(other.channel, case.good.SerializeToString())
    finally:
        other.close()
    assert call(live.web.url, case, encode(case.good, encoding), encoding) == there


@every_rpc
@both_encodings
def test_a_bad_field_is_named_by_its_path(live: LiveServer, case: RpcCase, encoding: str) -> None:
    for request, path in case.bad:
        with pytest.raises(FailedCall) as caught:
            call(live.web.url, case, encode(request, encoding), encoding)
        failure = caught.value.failure
        assert (failure.code, failure.fields) == ("INVALID_ARGUMENT", (path,)), request


@every_rpc
@both_encodings
def test_an_unknown_generator_is_not_found(live: LiveServer, case: RpcCase, encoding: str) -> None:
    if case.missing is None:
        assert "generator_id" not in case.good.DESCRIPTOR.fields_by_name
        return
    with pytest.raises(FailedCall) as caught:
        call(live.web.url, case, encode(case.missing, encoding), encoding)
    failure = caught.value.failure
    assert failure.code == "NOT_FOUND"
    assert failure.info.metadata["generator_id"] == case.missing.generator_id  # type: ignore[attr-defined]


@every_rpc
@both_encodings
def test_random_bytes_get_a_clean_error(live: LiveServer, case: RpcCase, encoding: str) -> None:
    draw = random.Random(20_000 + len(case.method))  # noqa: S311
    rejected = 0
    codes: set[str] = set()
    for _ in range(150):
        data = draw.randbytes(draw.randrange(1, 64))
        try:
            call(live.web.url, case, data, encoding)
        except FailedCall as error:
            codes.add(error.failure.code)
            rejected += error.failure.fields == ("request",)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND"}
    assert rejected > 100


@every_rpc
@both_encodings
def test_damaged_requests_get_a_clean_response(
    live: LiveServer, case: RpcCase, encoding: str
) -> None:
    draw = random.Random(7)  # noqa: S311
    good = encode(case.good, encoding)
    if len(good) < 3:
        good = {"json": b'{"pageSize": 5, "pageToken": ""}', "proto": b"\x08\x05\x12\x04c2Nh"}[
            encoding
        ]
    codes: set[str] = set()
    for _ in range(150):
        data = bytearray(good)
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            call(live.web.url, case, bytes(data), encoding)
        except FailedCall as error:
            codes.add(error.failure.code)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND"}
    assert codes


@every_rpc
@both_encodings
def test_a_request_that_is_too_large_gets_the_limit(
    live: LiveServer, case: RpcCase, encoding: str
) -> None:
    with pytest.raises(FailedCall) as caught:
        call(live.web.url, case, bytes(MESSAGE_BYTES.value + 1), encoding)
    failure = caught.value.failure
    assert failure.info.reason == "LIMIT_EXCEEDED"
    assert failure.info.metadata["maximum"] == str(MESSAGE_BYTES.value)


@slow_rpcs
@both_encodings
def test_a_deadline_ends_the_work(live: LiveServer, case: RpcCase, encoding: str) -> None:
    assert case.slow is not None
    begin = time.monotonic()
    with pytest.raises(FailedCall) as caught:
        call(live.web.url, case, encode(case.slow, encoding), encoding, Connect_Timeout_Ms="50")
    assert caught.value.failure.code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - begin < 2.0
    live.wait_until_free()
    assert not live.gated.waiting.is_set() or live.gated.ended.wait(10)


@slow_rpcs
def test_a_request_without_a_deadline_gets_one(case: RpcCase) -> None:
    assert case.slow is not None
    live = LiveServer(seconds=0.05, http=HttpSettings())
    try:
        with pytest.raises(FailedCall) as caught:
            call(live.web.url, case, encode(case.slow, "json"), "json")
        assert caught.value.failure.code == "DEADLINE_EXCEEDED"
        live.wait_until_free()
    finally:
        live.close()


@slow_rpcs
@both_encodings
def test_closing_the_connection_frees_the_worker(
    live: LiveServer, case: RpcCase, encoding: str
) -> None:
    assert case.slow is not None
    data = encode(case.slow, encoding)
    for _ in range(5):
        live.gated.waiting.clear()
        live.gated.ended.clear()
        line = connect(live.web.url)
        body = frame(data) if case.streaming else data
        line.request("POST", case.method, body, {"Content-Type": content_type(case, encoding)})
        assert live.gated.waiting.wait(10)
        line.close()
        assert live.gated.ended.wait(10), "the generator was not stopped"
        live.wait_until_free()


@slow_rpcs
def test_calls_in_flight_finish_while_the_server_drains(live: LiveServer, case: RpcCase) -> None:
    assert case.slow is not None
    slow = encode(case.slow, "json")
    with ThreadPoolExecutor() as pool:
        response = pool.submit(call, live.web.url, case, slow, "json")
        assert live.gated.waiting.wait(10)
        health = live.watch_health()
        next(health)
        draining = live.begin_drain(10)
        next(health)
        assert fetch(live.web.url, "/healthz").status == 503
        with pytest.raises(FailedCall) as caught:
            call(live.web.url, case, encode(case.good, "json"), "json")
        assert caught.value.failure.info.reason == "SERVER_UNAVAILABLE"
        live.gated.gate.set()
        assert response.result(10)
        draining.result(10)
    with pytest.raises(ConnectionRefusedError):
        fetch(live.web.url, "/healthz")


@slow_rpcs
def test_calls_longer_than_the_grace_period_get_an_error(live: LiveServer, case: RpcCase) -> None:
    assert case.slow is not None
    with ThreadPoolExecutor() as pool:
        response = pool.submit(call, live.web.url, case, encode(case.slow, "json"), "json")
        assert live.gated.waiting.wait(10)
        live.begin_drain(0.05).result(10)
        with pytest.raises(FailedCall) as caught:
            response.result(10)
    assert caught.value.failure.code == "UNAVAILABLE"
    assert live.gated.ended.wait(10)


@generating_rpcs
def test_overload_is_rejected_at_once_and_health_still_responds(case: RpcCase) -> None:
    """Accepted calls succeed; the rest get a retry delay."""
    assert case.slow is not None
    live = LiveServer(threads=1, waiting=2, http=HttpSettings())
    slow = encode(case.slow, "json")
    try:
        with ThreadPoolExecutor() as pool:
            accepted = [pool.submit(call, live.web.url, case, slow, "json") for _ in range(3)]
            live.wait_until_open(3)
            with pytest.raises(FailedCall) as caught:
                call(live.web.url, case, slow, "json")
            failure = caught.value.failure
            assert (failure.code, failure.retry_s) == ("RESOURCE_EXHAUSTED", 0.25)
            assert fetch(live.web.url, "/healthz").body == b"SERVING magenta_bridge.v1\n"
            live.gated.gate.set()
            assert all(response.result(30) for response in accepted)
    finally:
        live.close()


def test_messages_of_a_stream_arrive_one_at_a_time(live: LiveServer) -> None:
    """The first arrives while the second is being generated."""
    case = next(case for case in SLOW_CASES if case.streaming)
    assert case.slow is not None
    line = connect(live.web.url)
    headers = {"Content-Type": content_type(case, "json")}
    line.request("POST", case.method, frame(encode(case.slow, "json")), headers)
    response = line.getresponse()
    flags, length = struct.unpack(">BI", response.read(5))
    assert flags == 0
    assert b"chunk" in response.read(length)
    assert live.gated.waiting.wait(10)
    assert not live.gated.ended.is_set()
    live.gated.gate.set()
    assert response.read().endswith(b"{}")
    line.close()


def test_a_bug_becomes_an_incident_and_leaks_nothing(live: LiveServer) -> None:
    for case in GENERATING:
        assert case.slow is not None
        request = type(case.slow)()
        request.CopyFrom(case.slow)
        request.generator_id = "faulty"  # type: ignore[attr-defined]
        with pytest.raises(FailedCall) as caught:
            call(live.web.url, case, encode(request, "json"), "json")
        assert caught.value.failure.code == "INTERNAL"
    live.wait_until_free()
