"""Calls that an overloaded server rejected are tried again when it says, until the timeout."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.client.retry import Attempts
from magenta_bridge.client.status import DOMAIN
from magenta_bridge.errors import InvalidArgumentError, NotFoundError, OverloadedError
from tests.contract.live_server import LiveServer

MANY = 300


class _Rejected(grpc.RpcError):
    """A failed call, as a client gets it."""

    def __init__(self, code: grpc.StatusCode, seconds: float | None, details: str = "") -> None:
        self._code, self._details = code, details
        status = status_pb2.Status(code=code.value[0], message=details)
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason="OVERLOADED", domain=DOMAIN))
        if seconds is not None:
            delay = Duration(nanos=round(seconds * 1e9))
            status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
        self._trailing = rpc_status.to_status(status).trailing_metadata

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> Any:  # noqa: ANN401 - as gRPC has it
        return self._trailing


BUSY = grpc.StatusCode.RESOURCE_EXHAUSTED


def test_the_pause_is_the_servers_and_grows_with_jitter() -> None:
    now = [100.0]
    attempts = Attempts(10.0, now=lambda: now[0], draw=lambda: 1.0)
    pauses = [attempts.pause(_Rejected(BUSY, 0.2)) for _ in range(3)]
    assert pauses == pytest.approx([0.3, 0.45, 0.675])
    few = Attempts(10.0, now=lambda: now[0], draw=lambda: 0.0)
    assert few.pause(_Rejected(BUSY, 0.2)) == pytest.approx(0.2)
    now[0] += 9.9
    assert attempts.left == pytest.approx(0.1)
    with pytest.raises(_Rejected):
        attempts.pause(_Rejected(BUSY, 0.2))


@pytest.mark.parametrize(
    "error",
    [
        _Rejected(BUSY, None),
        _Rejected(grpc.StatusCode.INVALID_ARGUMENT, 0.1),
        _Rejected(grpc.StatusCode.UNAVAILABLE, None, "Connection refused"),
    ],
)
def test_other_failures_are_raised(error: _Rejected) -> None:
    with pytest.raises(_Rejected):
        Attempts(10.0).pause(error)


def test_a_refused_stream_is_tried_again() -> None:
    details = "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))"
    refused = _Rejected(grpc.StatusCode.UNAVAILABLE, None, details)
    assert 0.0 < Attempts(10.0).pause(refused) < 1.0


@pytest.fixture(scope="module")
def busy() -> Iterator[LiveServer]:
    """A server that accepts 17 requests at once."""
    live = LiveServer(threads=1, waiting=0)
    yield live
    live.close()


def test_hundreds_of_calls_at_once_all_succeed(busy: LiveServer) -> None:
    async def gather() -> list[object]:
        async with AsyncClient(busy.address) as client:
            calls = [client.generate("scale", bars=1, seed=seed) for seed in range(MANY)]
            return list(await asyncio.gather(*calls))

    assert len(asyncio.run(gather())) == MANY


def test_many_clips_come_in_order(busy: LiveServer) -> None:
    requests = [{"generator_id": "scale", "bars": 1 + seed % 3, "seed": seed} for seed in range(60)]

    async def many() -> list[object]:
        async with AsyncClient(busy.address) as client:
            return list(await client.generate_many(requests, concurrency=20))

    with Client(busy.address) as client:
        found = client.generate_many(iter(requests), concurrency=20)
        assert [clip.total_time for clip in found] == [2.0 * (1 + seed % 3) for seed in range(60)]
        assert asyncio.run(many()) == found
        with pytest.raises(NotFoundError):
            client.generate_many([{"generator_id": "nothing"}, *requests])
        with pytest.raises(InvalidArgumentError, match="concurrency"):
            client.generate_many([], concurrency=0)


def test_without_retry_an_overloaded_server_raises(busy: LiveServer) -> None:
    async def gather() -> list[object]:
        async with AsyncClient(busy.address, retry=False) as client:
            calls = [client.generate("scale", bars=1, seed=seed) for seed in range(MANY)]
            return list(await asyncio.gather(*calls, return_exceptions=True))

    results = asyncio.run(gather())
    assert any(isinstance(each, OverloadedError) for each in results)
