"""TLS: which clients connect, and the errors that the others get."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from magenta_bridge.certificates.tls import TlsFiles
from magenta_bridge.client import AsyncClient, Client
from magenta_bridge.errors import MagentaBridgeError, ServerUnavailableError, UnauthenticatedError
from magenta_bridge.server.settings import ServerSettings
from tests.contract.secured_server import MARIA, OWNER, Authority, CallBook, known_tokens, running

LOCAL = "127.0.0.1:0"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA of the server's certificate."""
    return Authority(trustme.CA(), tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A CA that no client of the tests trusts."""
    return Authority(trustme.CA(), tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def address(own: Authority) -> Iterator[str]:
    """A server with TLS."""
    with running(ServerSettings(LOCAL, tls=own.issue("127.0.0.1"))) as found:
        yield found


@pytest.fixture(scope="module")
def mutual(own: Authority) -> Iterator[str]:
    """A server with TLS that requires client certificates."""
    tls = replace(own.issue("127.0.0.1"), ca=own.file)
    with running(ServerSettings(LOCAL, tls=tls)) as found:
        yield found


@contextlib.contextmanager
def _bare_server(credentials: grpc.ServerCredentials) -> Iterator[str]:
    """A plain gRPC server, which does not check its certificate."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    port = server.add_secure_port(LOCAL, credentials)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(60)


def _failures(address: str, tls: TlsFiles | bool | None) -> str:
    """Call with both clients, which must fail with the same error, and return it."""

    async def call() -> None:
        async with AsyncClient(address, 20, tls=tls) as bridge:
            await bridge.stream("scale").__anext__()

    with Client(address, 20, tls=tls) as bridge:
        attempts: list[Callable[[], Any]] = [
            lambda: list(bridge.stream("scale")),
            lambda: asyncio.run(call()),
        ]
        said = set()
        for attempt in attempts:
            with pytest.raises(MagentaBridgeError) as caught:
                attempt()
            assert type(caught.value) is ServerUnavailableError
            assert address in caught.value.message
            said.add(caught.value.message)
    (message,) = said
    return message


def test_both_clients_connect_with_the_right_ca(own: Authority, address: str) -> None:
    tls = TlsFiles(ca=own.file)
    with Client(address, tls=tls) as bridge:
        whole = bridge.generate("scale", seed=1)
        assert list(bridge.stream("scale", seed=1))

    async def call() -> object:
        async with AsyncClient(address, tls=tls) as bridge:
            return await bridge.generate("scale", seed=1)

    assert asyncio.run(call()) == whole


def test_an_untrusted_ca_is_reported(other: Authority, address: str) -> None:
    assert "not signed by an authority" in _failures(address, TlsFiles(ca=other.file))


def test_the_default_cas_do_not_trust_a_private_ca(address: str) -> None:
    assert "not signed by an authority" in _failures(address, tls=True)


def test_plaintext_to_a_tls_port_is_reported(address: str) -> None:
    assert "requires TLS" in _failures(address, None)


def test_tls_to_a_plaintext_port_is_reported(own: Authority) -> None:
    with running(ServerSettings(LOCAL)) as plain:
        assert "does not use TLS" in _failures(plain, TlsFiles(ca=own.file))


def test_a_certificate_for_another_name_is_reported(own: Authority) -> None:
    with running(ServerSettings(LOCAL, tls=own.issue("bridge.example"))) as found:
        assert "not valid for the name" in _failures(found, TlsFiles(ca=own.file))


def test_a_certificate_that_expired_while_serving_is_reported(own: Authority) -> None:
    """The server itself would not have started with it."""
    files = own.issue("127.0.0.1", expired=True)
    pair = (Path(str(files.key)).read_bytes(), Path(str(files.cert)).read_bytes())
    with _bare_server(grpc.ssl_server_credentials([pair])) as found:
        assert "has expired" in _failures(found, TlsFiles(ca=own.file))


def test_the_caller_is_the_common_name_of_the_certificate(own: Authority) -> None:
    """It is not an administrator, whatever its name is."""
    book = CallBook()
    tls = replace(own.issue("laptop.example", name="maria"), ca=own.file)
    mutual = replace(own.issue("127.0.0.1"), ca=own.file)
    settings = ServerSettings(LOCAL, tls=mutual)
    with running(settings, book) as address, Client(address, tls=tls) as bridge:
        assert bridge.generators()
    assert [(call.caller, call.admin) for call in book.calls] == [("maria", False)]


def test_a_certificate_does_not_replace_a_required_token(
    own: Authority,
) -> None:
    book = CallBook()
    tls = replace(own.issue("laptop.example", name="maria"), ca=own.file)
    mutual = replace(own.issue("127.0.0.1"), ca=own.file)
    with running(ServerSettings(LOCAL, tls=mutual, tokens=known_tokens()), book) as address:
        with Client(address, tls=tls) as bridge, pytest.raises(UnauthenticatedError):
            bridge.generators()
        with Client(address, tls=tls, token=OWNER) as bridge:
            assert bridge.generators()
    assert [(call.caller, call.admin) for call in book.calls] == [
        ("maria", False),
        ("owner", True),
    ]


@pytest.mark.parametrize("signer", ["missing", "other"])
def test_a_client_without_a_certificate_of_the_ca_is_rejected(
    own: Authority, other: Authority, mutual: str, signer: str
) -> None:
    tls = TlsFiles(ca=own.file)
    if signer == "other":
        tls = replace(other.issue("laptop.example", name="eve"), ca=own.file)
    assert "a client certificate" in _failures(mutual, tls)


def test_beyond_loopback_health_is_open_and_reflection_closed(own: Authority) -> None:
    """An orchestrator has no token, and health discloses only that the server is running."""
    settings = ServerSettings("0.0.0.0:0", tls=own.issue("127.0.0.1"), tokens=known_tokens())
    with running(settings) as found:
        port = found.rpartition(":")[2]
        credentials = grpc.ssl_channel_credentials(own.file.read_bytes())
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            answer = health.Check(health_pb2.HealthCheckRequest(), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
            reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            with pytest.raises(grpc.RpcError) as caught:
                list(reflection.ServerReflectionInfo(iter([request]), timeout=10))
        refused: Any = caught.value
        assert refused.code() is grpc.StatusCode.UNIMPLEMENTED
        with Client(f"127.0.0.1:{port}", token=MARIA, tls=TlsFiles(ca=own.file)) as bridge:
            assert bridge.generators()
