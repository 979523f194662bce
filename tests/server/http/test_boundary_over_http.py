"""A call over HTTP passes the same gates and observers as one over gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from magenta_bridge.errors import OverloadedError
from magenta_bridge.server.http.server import HttpServer
from magenta_bridge.server.rpc.boundary import Boundary
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.settings import HttpSettings
from magenta_bridge.v1 import generation_pb2 as pb
from tests.server.http.client import Response, fetch

SERVICE = pb.DESCRIPTOR.services_by_name["GenerationService"]
GET = f"/{SERVICE.full_name}/GetGenerator"
GENERATE = f"/{SERVICE.full_name}/Generate"


class _Echo:
    """A servicer that echoes what it receives of the call."""

    ListGenerators = StreamGenerate = None

    async def GetGenerator(  # noqa: N802 - the rpc's name
        self, request: pb.GetGeneratorRequest, call: Call
    ) -> pb.GetGeneratorResponse:
        """Return the caller as the generator's description."""
        response = pb.GetGeneratorResponse()
        response.generator.id = request.generator_id
        response.generator.description = call.caller
        return response

    async def Generate(  # noqa: N802 - the rpc's name
        self,
        request: pb.GenerateRequest,  # noqa: ARG002 - the interface
        call: Call,
    ) -> pb.GenerateResponse:
        """Return the milliseconds that remain."""
        return pb.GenerateResponse(seed=int(call.time_remaining() * 1_000))


class _Gate:
    """Names two callers by their token, and rejects one of them."""

    def admit(self, call: Call) -> Call:
        """Name the caller."""
        assert call.caller == "127.0.0.1"
        name = {"Bearer a": "Ann", "Bearer b": "Bob"}.get(call.metadata.get("authorization", ""))
        if name == "Bob":
            raise OverloadedError("Bob has called often enough.")
        return replace(call, caller=name or "anonymous")


class _Observer:
    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []

    def began(self, call: Call) -> None:
        self.events.append((call.method, call.request_id))

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        assert seconds >= 0
        self.events.append((call.caller, code, reason))


@pytest.fixture
def observer() -> _Observer:
    """The observer of all calls."""
    return _Observer()


@pytest_asyncio.fixture
async def server(observer: _Observer) -> AsyncIterator[HttpServer]:
    """An HTTP server without a gRPC server beside it."""

    async def healthy() -> bool:
        return True

    boundary = Boundary(5.0, gates=[_Gate()], observers=[observer])
    server = HttpServer([(SERVICE, _Echo())], boundary, HttpSettings(), healthy=healthy)
    await server.start()
    yield server
    await server.stop()


async def _post(server: HttpServer, path: str, body: bytes, **headers: str) -> Response:
    kind = "application/json"
    return await asyncio.to_thread(fetch, server.url, path, body, Content_Type=kind, **headers)


@pytest.mark.asyncio
async def test_gates_read_the_headers_of_calls(server: HttpServer) -> None:
    for token, name in (("Bearer a", "Ann"), ("Bearer \xff", "anonymous"), ("", "anonymous")):
        response = await _post(server, GET, b"{}", Authorization=token)
        assert response.json()["generator"]["description"] == name


@pytest.mark.asyncio
async def test_a_gate_rejects_with_an_error(server: HttpServer, observer: _Observer) -> None:
    response = await _post(server, GET, b"{}", AUTHORIZATION="Bearer b")
    assert (response.status, response.failure().code) == (429, "RESOURCE_EXHAUSTED")
    assert observer.events == [(GET, ""), ("127.0.0.1", "RESOURCE_EXHAUSTED", "OVERLOADED")]


@pytest.mark.asyncio
async def test_observers_see_every_call(server: HttpServer, observer: _Observer) -> None:
    """Including one that cannot be decoded."""
    await _post(server, GENERATE, b'{"requestId": "mine"}')
    await _post(server, GENERATE, b"{")
    assert observer.events == [
        (GENERATE, "mine"),
        ("anonymous", "OK", ""),
        (GENERATE, ""),
        ("anonymous", "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(("timeout", "maximum"), [("3000", 3_000), (None, 5_000)])
async def test_the_deadline_is_the_clients_or_the_servers(
    server: HttpServer, timeout: str | None, maximum: int
) -> None:
    headers = {} if timeout is None else {"Connect_Timeout_Ms": timeout}
    response = await _post(server, GENERATE, b"{}", **headers)
    assert maximum - 2_500 < int(response.json()["seed"]) <= maximum
