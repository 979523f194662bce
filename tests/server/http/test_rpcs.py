"""The contract of every rpc, over HTTP, in both forms."""

from __future__ import annotations

import http.client
import random
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from magenta_bridge.limits import MESSAGE_BYTES
from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import CASES, SLOW_CASES, RpcCase
from tests.server.http.asking import (
    FailedAsking,
    ask,
    call,
    content_type,
    wrap,
    write,
)

every_rpc = pytest.mark.parametrize("case", CASES, ids=lambda case: case.method.split("/")[-1])
WRITING = tuple(
    case for case in SLOW_CASES if "generator_id" in case.good.DESCRIPTOR.fields_by_name
)
writing_rpcs = pytest.mark.parametrize("case", WRITING, ids=lambda case: case.method.split("/")[-1])
slow_rpcs = pytest.mark.parametrize("case", SLOW_CASES, ids=lambda case: case.method.split("/")[-1])
both_forms = pytest.mark.parametrize("form", ["json", "proto"])


@every_rpc
@both_forms
def test_a_good_request_is_answered_as_over_grpc(
    live: LiveServer, case: RpcCase, form: str
) -> None:
    """By two servers alike, since some requests cannot be sent twice to one."""
    other = LiveServer()
    try:
        there = case.call(other.channel, case.good.SerializeToString())
    finally:
        other.close()
    assert call(live.web.place, case, write(case.good, form), form) == there


@every_rpc
@both_forms
def test_a_bad_field_is_named_by_its_path(live: LiveServer, case: RpcCase, form: str) -> None:
    for request, path in case.bad:
        with pytest.raises(FailedAsking) as caught:
            call(live.web.place, case, write(request, form), form)
        failure = caught.value.failure
        assert (failure.code, failure.fields) == ("INVALID_ARGUMENT", (path,)), request


@every_rpc
@both_forms
def test_an_unknown_generator_is_not_found(live: LiveServer, case: RpcCase, form: str) -> None:
    if case.missing is None:
        assert "generator_id" not in case.good.DESCRIPTOR.fields_by_name
        return
    with pytest.raises(FailedAsking) as caught:
        call(live.web.place, case, write(case.missing, form), form)
    failure = caught.value.failure
    assert (failure.code, failure.info.metadata["generator_id"]) == ("NOT_FOUND", "nobody")


@every_rpc
@both_forms
def test_random_bytes_get_a_clean_answer(live: LiveServer, case: RpcCase, form: str) -> None:
    draw = random.Random(20_000 + len(case.method))  # noqa: S311
    refused = 0
    codes: set[str] = set()
    for _ in range(150):
        data = draw.randbytes(draw.randrange(1, 64))
        try:
            call(live.web.place, case, data, form)
        except FailedAsking as error:
            codes.add(error.failure.code)
            refused += error.failure.fields == ("request",)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND"}
    assert refused > 100


@every_rpc
@both_forms
def test_damaged_requests_get_a_clean_answer(live: LiveServer, case: RpcCase, form: str) -> None:
    draw = random.Random(7)  # noqa: S311
    good = write(case.good, form)
    if len(good) < 3:
        good = {"json": b'{"pageSize": 5, "pageToken": ""}', "proto": b"\x08\x05\x12\x04c2Nh"}[form]
    codes: set[str] = set()
    for _ in range(150):
        data = bytearray(good)
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            call(live.web.place, case, bytes(data), form)
        except FailedAsking as error:
            codes.add(error.failure.code)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND"}
    assert codes


@every_rpc
@both_forms
def test_a_request_that_is_too_large_is_told_the_limit(
    live: LiveServer, case: RpcCase, form: str
) -> None:
    with pytest.raises(FailedAsking) as caught:
        call(live.web.place, case, bytes(MESSAGE_BYTES.value + 1), form)
    failure = caught.value.failure
    assert failure.info.reason == "LIMIT_EXCEEDED"
    assert failure.info.metadata["maximum"] == str(MESSAGE_BYTES.value)


@slow_rpcs
@both_forms
def test_a_deadline_ends_the_work(live: LiveServer, case: RpcCase, form: str) -> None:
    assert case.slow is not None
    begin = time.monotonic()
    with pytest.raises(FailedAsking) as caught:
        call(live.web.place, case, write(case.slow, form), form, Connect_Timeout_Ms="50")
    assert caught.value.failure.code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - begin < 2.0
    live.wait_until_free()
    assert not live.gated.waiting.is_set() or live.gated.ended.wait(10)


@slow_rpcs
def test_a_request_without_a_deadline_gets_one(case: RpcCase) -> None:
    assert case.slow is not None
    live = LiveServer(seconds=0.05, http=HttpSettings())
    try:
        with pytest.raises(FailedAsking) as caught:
            call(live.web.place, case, write(case.slow, "json"), "json")
        assert caught.value.failure.code == "DEADLINE_EXCEEDED"
        live.wait_until_free()
    finally:
        live.close()


@slow_rpcs
@both_forms
def test_hanging_up_frees_the_worker(live: LiveServer, case: RpcCase, form: str) -> None:
    assert case.slow is not None
    data = write(case.slow, form)
    for _ in range(5):
        live.gated.waiting.clear()
        live.gated.ended.clear()
        line = http.client.HTTPConnection(urlsplit(live.web.place).netloc, timeout=30)
        body = wrap(data) if case.streaming else data
        line.request("POST", case.method, body, {"Content-Type": content_type(case, form)})
        assert live.gated.waiting.wait(10)
        line.close()
        assert live.gated.ended.wait(10), "the generator was not stopped"
        live.wait_until_free()


@slow_rpcs
def test_work_in_hand_ends_well_while_the_server_drains(live: LiveServer, case: RpcCase) -> None:
    assert case.slow is not None
    slow = write(case.slow, "json")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(call, live.web.place, case, slow, "json")
        assert live.gated.waiting.wait(10)
        health = live.watch_health()
        next(health)
        draining = live.begin_drain(10)
        next(health)
        assert ask(live.web.place, "/healthz").status == 503
        with pytest.raises(FailedAsking) as caught:
            call(live.web.place, case, write(case.good, "json"), "json")
        assert caught.value.failure.info.reason == "SERVER_UNAVAILABLE"
        live.gated.gate.set()
        assert answer.result(10)
        draining.result(10)
    with pytest.raises(ConnectionRefusedError):
        ask(live.web.place, "/healthz")


@slow_rpcs
def test_work_longer_than_the_grace_is_cut_off_with_a_word(live: LiveServer, case: RpcCase) -> None:
    assert case.slow is not None
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(call, live.web.place, case, write(case.slow, "json"), "json")
        assert live.gated.waiting.wait(10)
        live.begin_drain(0.05).result(10)
        with pytest.raises(FailedAsking) as caught:
            answer.result(10)
    assert caught.value.failure.code == "UNAVAILABLE"
    assert live.gated.ended.wait(10)


@writing_rpcs
def test_overload_is_refused_at_once_and_health_still_answers(case: RpcCase) -> None:
    """What is accepted ends well; the rest is told when to come back."""
    assert case.slow is not None
    live = LiveServer(threads=1, waiting=2, http=HttpSettings())
    slow = write(case.slow, "json")
    try:
        with ThreadPoolExecutor() as pool:
            accepted = [pool.submit(call, live.web.place, case, slow, "json") for _ in range(3)]
            live.wait_until_open(3)
            with pytest.raises(FailedAsking) as caught:
                call(live.web.place, case, slow, "json")
            failure = caught.value.failure
            assert (failure.code, failure.retry_s) == ("RESOURCE_EXHAUSTED", 0.25)
            assert ask(live.web.place, "/healthz").body == b"SERVING\n"
            live.gated.gate.set()
            assert all(answer.result(30) for answer in accepted)
    finally:
        live.close()


def test_pieces_of_a_stream_come_one_at_a_time(live: LiveServer) -> None:
    """The first is there while the second is being written."""
    case = next(case for case in SLOW_CASES if case.streaming)
    assert case.slow is not None
    line = http.client.HTTPConnection(urlsplit(live.web.place).netloc, timeout=30)
    headers = {"Content-Type": content_type(case, "json")}
    line.request("POST", case.method, wrap(write(case.slow, "json")), headers)
    answer = line.getresponse()
    flags, length = struct.unpack(">BI", answer.read(5))
    assert flags == 0
    assert b"chunk" in answer.read(length)
    assert live.gated.waiting.wait(10)
    assert not live.gated.ended.is_set()
    live.gated.gate.set()
    assert answer.read().endswith(b"{}")
    line.close()


def test_a_bug_becomes_an_incident_and_leaks_nothing(live: LiveServer) -> None:
    for case in WRITING:
        assert case.slow is not None
        request = type(case.slow)()
        request.CopyFrom(case.slow)
        request.generator_id = "faulty"  # type: ignore[attr-defined]
        with pytest.raises(FailedAsking) as caught:
            call(live.web.place, case, write(request, "json"), "json")
        assert caught.value.failure.code == "INTERNAL"
    live.wait_until_free()
