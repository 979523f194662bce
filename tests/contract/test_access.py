"""Only callers with a valid token are admitted, and no token leaks."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.errors import MagentaBridgeError, UnauthenticatedError
from magenta_bridge.server.settings import ServerSettings
from tests.contract.answers import read_failure
from tests.contract.rpc_cases import CASES, RpcCase
from tests.contract.secured_server import MARIA, OWNER, STRANGER, CallBook, known_tokens, running


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server on loopback that requires tokens."""
    with running(ServerSettings("127.0.0.1:0", tokens=known_tokens())) as found:
        yield found


@pytest.mark.parametrize("token", [MARIA, OWNER, f" {MARIA}\n"])
def test_both_clients_connect_with_a_valid_token(address: str, token: str) -> None:
    with Client(address, token=token) as bridge:
        whole = bridge.generate("scale", seed=1)
        assert list(bridge.stream("scale", seed=1))

    async def call() -> object:
        async with AsyncClient(address, token=token) as bridge:
            return await bridge.generate("scale", seed=1)

    assert asyncio.run(call()) == whole


def test_on_loopback_a_caller_is_its_address_and_an_administrator() -> None:
    book = CallBook()
    with running(ServerSettings("127.0.0.1:0"), book) as address, Client(address) as bridge:
        assert bridge.generators()
    assert [(call.caller, call.admin) for call in book.calls] == [("127.0.0.1", True)]


@pytest.mark.parametrize("token", [STRANGER, MARIA[:-1], f"{MARIA}x", None])
def test_other_tokens_are_rejected(address: str, token: str | None) -> None:
    async def call() -> None:
        async with AsyncClient(address, token=token) as bridge:
            await bridge.generators()

    with Client(address, token=token) as bridge, pytest.raises(UnauthenticatedError) as one:
        bridge.generators()
    with pytest.raises(UnauthenticatedError) as two:
        asyncio.run(call())
    assert one.value.message == two.value.message
    assert token is None or token not in one.value.message


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.method)
def test_every_method_requires_a_token(address: str, case: RpcCase) -> None:
    with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError) as caught:
        case.call(channel, case.good.SerializeToString())
    failure = read_failure(caught.value)
    assert (failure.code, failure.info.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("header", "welcome"),
    [
        (f"Bearer {MARIA}", True),
        (f"bearer  {MARIA} ", True),
        (f"Basic {MARIA}", False),
        (MARIA, False),
        (f"Bearer{MARIA}", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("", False),
        (f"Bearer maria:{MARIA}", False),
        (f"Bearer {MARIA} {OWNER}", False),
    ],
)
def test_the_scheme_is_bearer(address: str, header: str, welcome: bool) -> None:
    case = CASES[0]
    with grpc.insecure_channel(address) as channel:
        call: Any = channel.unary_unary(case.method)
        metadata = [("authorization", header)]
        if welcome:
            assert call(case.good.SerializeToString(), timeout=10, metadata=metadata)
            return
        with pytest.raises(grpc.RpcError) as caught:
            call(case.good.SerializeToString(), timeout=10, metadata=metadata)
    assert read_failure(caught.value).code == "UNAUTHENTICATED"


def test_tokens_are_never_logged_or_sent(address: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither valid nor invalid ones, for any error."""
    text = ""
    with caplog.at_level(logging.DEBUG):
        for token in (MARIA, STRANGER):
            with Client(address, token=token) as bridge:
                assert token not in repr(vars(bridge))
                with pytest.raises(MagentaBridgeError) as caught:
                    bridge.generate("missing")
                text += f"{caught.value!r} {caught.value.metadata} {caught.value.__cause__}"
    assert "missing" in text
    for token in (MARIA, STRANGER):
        assert token not in caplog.text
        assert token not in text
    settings = ServerSettings(tokens=known_tokens())
    assert "maria-" not in repr(settings)


@pytest.mark.parametrize(
    ("service", "token", "code"),
    [
        ("", None, None),
        ("magenta_bridge.v1.GenerationService", None, None),
        ("magenta_bridge.v1.models/scale", MARIA, None),
        ("magenta_bridge.v1.models/scale", None, grpc.StatusCode.UNAUTHENTICATED),
        ("magenta_bridge.v1.models/other", None, grpc.StatusCode.UNAUTHENTICATED),
        ("magenta_bridge.v1.models/scale", STRANGER, grpc.StatusCode.UNAUTHENTICATED),
    ],
)
def test_the_health_of_generators_requires_a_token(
    address: str, service: str, token: str | None, code: grpc.StatusCode | None
) -> None:
    """Every probe sees the server's health; the names of the generators are not for strangers."""
    metadata = [] if token is None else [("authorization", f"Bearer {token}")]
    request = health_pb2.HealthCheckRequest(service=service)
    with grpc.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        calls: tuple[Callable[[], health_pb2.HealthCheckResponse], ...] = (
            lambda: stub.Check(request, metadata=metadata, timeout=9),
            lambda: next(stub.Watch(request, metadata=metadata, timeout=9)),
        )
        for call in calls:
            if code is None:
                assert call().status == health_pb2.HealthCheckResponse.SERVING
            else:
                with pytest.raises(grpc.RpcError) as refused:
                    call()
                assert refused.value.code() is code


def test_a_call_without_access_is_refused_before_its_request(address: str) -> None:
    """A request that never arrives holds no memory."""
    with grpc.insecure_channel(address) as channel:
        method = "/magenta_bridge.v1.GenerationService/Generate"
        call: Any = channel.stream_unary(method)
        with pytest.raises(grpc.RpcError) as refused:
            call(_never(), timeout=30)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def _never() -> Iterator[bytes]:
    threading.Event().wait(60)  # in a daemon thread of gRPC
    yield b""
