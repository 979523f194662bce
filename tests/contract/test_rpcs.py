"""Every rpc with valid, invalid, undecodable, late and canceled requests."""

from __future__ import annotations

import importlib
import pkgutil
import random
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from magenta_bridge import v1
from magenta_bridge.limits import MESSAGE_BYTES
from tests.contract.answers import read_failure
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import CASES, SLOW_CASES, RpcCase

OUR_SERVICES = [
    service
    for module in pkgutil.iter_modules(v1.__path__)
    if module.name.endswith("_pb2")
    for service in importlib.import_module(
        f"{v1.__name__}.{module.name}"
    ).DESCRIPTOR.services_by_name.values()
]
every_rpc = pytest.mark.parametrize("case", CASES, ids=lambda case: case.method.split("/")[-1])
slow_rpcs = pytest.mark.parametrize("case", SLOW_CASES, ids=lambda case: case.method.split("/")[-1])


def test_every_rpc_has_a_row() -> None:
    methods = {
        f"/{service.full_name}/{method.name}": method
        for service in OUR_SERVICES
        for method in service.methods
    }
    assert len(OUR_SERVICES) > 1
    assert {case.method for case in CASES} == methods.keys()
    for case in CASES:
        method = methods[case.method]
        assert case.response.DESCRIPTOR is method.output_type
        assert case.good.DESCRIPTOR is method.input_type
        assert case.streaming == method.server_streaming


@every_rpc
def test_a_good_request_succeeds(live: LiveServer, case: RpcCase) -> None:
    assert case.call(live.channel, case.good.SerializeToString())


@every_rpc
def test_a_bad_field_is_named_by_its_path(live: LiveServer, case: RpcCase) -> None:
    for request, path in case.bad:
        with pytest.raises(grpc.RpcError) as caught:
            case.call(live.channel, request.SerializeToString())
        failure = read_failure(caught.value)
        assert (failure.code, failure.fields) == ("INVALID_ARGUMENT", (path,)), request
        assert failure.info.metadata["field"] == path


@every_rpc
def test_an_unknown_generator_is_not_found(live: LiveServer, case: RpcCase) -> None:
    if case.missing is None:
        assert "generator_id" not in case.good.DESCRIPTOR.fields_by_name
        return
    with pytest.raises(grpc.RpcError) as caught:
        case.call(live.channel, case.missing.SerializeToString())
    failure = read_failure(caught.value)
    assert (failure.code, failure.info.reason) == ("NOT_FOUND", "NOT_FOUND")
    assert failure.info.metadata["generator_id"] == "missing"
    assert "scale" in failure.message


@every_rpc
def test_random_bytes_get_a_clean_error(live: LiveServer, case: RpcCase) -> None:
    draw = random.Random(20_000 + len(case.method))  # noqa: S311
    refused = 0
    for _ in range(300):
        data = draw.randbytes(draw.randrange(1, 64))
        try:
            case.call(live.channel, data)
        except grpc.RpcError as error:
            failure = read_failure(error)
            assert failure.code in {"INVALID_ARGUMENT", "NOT_FOUND"}, (failure, data)
            refused += failure.fields == ("request",)
    assert refused > 200


@every_rpc
def test_damaged_requests_get_a_clean_error(live: LiveServer, case: RpcCase) -> None:
    draw = random.Random(7)  # noqa: S311
    good = case.good.SerializeToString() or b"\x08\x05\x12\x04c2Nh"
    codes: set[str] = set()
    for _ in range(100):
        data = bytearray(good)
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            case.call(live.channel, bytes(data))
        except grpc.RpcError as error:
            codes.add(read_failure(error).code)
    assert codes <= {"INVALID_ARGUMENT", "NOT_FOUND"}


@every_rpc
def test_an_error_for_a_large_request_contains_the_limit(live: LiveServer, case: RpcCase) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        case.call(live.channel, bytes(MESSAGE_BYTES.value + 1))
    failure = read_failure(caught.value)
    assert failure.info.reason == "LIMIT_EXCEEDED"
    assert failure.info.metadata["maximum"] == str(MESSAGE_BYTES.value)


@slow_rpcs
def test_a_deadline_ends_the_work(live: LiveServer, case: RpcCase) -> None:
    """The caller gets the error, and the worker thread is free again."""
    assert case.slow is not None
    with pytest.raises(grpc.RpcError) as caught:
        case.call(live.channel, case.slow.SerializeToString(), timeout=0.05)
    call: Any = caught.value
    assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    live.wait_until_free()
    assert not live.gated.waiting.is_set() or live.gated.ended.wait(60)


@slow_rpcs
def test_a_request_without_a_deadline_gets_one(case: RpcCase) -> None:
    assert case.slow is not None
    live = LiveServer(seconds=0.05)
    try:
        with pytest.raises(grpc.RpcError) as caught:
            case.call(live.channel, case.slow.SerializeToString(), timeout=None)
        assert read_failure(caught.value).code == "DEADLINE_EXCEEDED"
        live.wait_until_free()
    finally:
        live.close()


@slow_rpcs
def test_canceling_frees_the_worker(live: LiveServer, case: RpcCase) -> None:
    assert case.slow is not None
    kind = live.channel.unary_stream if case.streaming else live.channel.unary_unary
    method: Any = kind(case.method, lambda body: body, case.response.FromString)
    start = method if case.streaming else method.future
    for _ in range(5):
        live.gated.waiting.clear()
        live.gated.ended.clear()
        call = start(case.slow.SerializeToString(), timeout=60)
        assert live.gated.waiting.wait(60)
        call.cancel()
        assert live.gated.ended.wait(60), "the generator was not stopped"
        live.wait_until_free()


@slow_rpcs
def test_calls_in_flight_finish_while_the_server_drains(live: LiveServer, case: RpcCase) -> None:
    assert case.slow is not None
    kind = live.channel.unary_stream if case.streaming else live.channel.unary_unary
    method: Any = kind(case.method, lambda body: body, case.response.FromString)
    call = (method if case.streaming else method.future)(case.slow.SerializeToString(), timeout=60)
    assert live.gated.waiting.wait(60)
    health = live.watch_health()
    assert next(health) == health_pb2.HealthCheckResponse.SERVING
    draining = live.begin_drain(60)
    assert next(health) == health_pb2.HealthCheckResponse.NOT_SERVING
    with pytest.raises(grpc.RpcError) as caught:
        case.call(live.channel, case.good.SerializeToString(), timeout=60)
    assert read_failure(caught.value).info.reason == "SERVER_UNAVAILABLE"
    live.gated.gate.set()
    assert list(call) if case.streaming else call.result(60)
    draining.result(60)
