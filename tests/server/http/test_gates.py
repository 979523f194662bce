"""A call over HTTP passes the same gates and is seen by the same observers as one over gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from magenta_bridge.errors import OverloadedError
from magenta_bridge.server.http.server import HttpPort
from magenta_bridge.server.rpc.boundary import Boundary
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.settings import HttpSettings
from magenta_bridge.v1 import generation_pb2 as pb
from tests.server.http.asking import Answer, ask

SERVICE = pb.DESCRIPTOR.services_by_name["GenerationService"]
GET = f"/{SERVICE.full_name}/GetGenerator"
GENERATE = f"/{SERVICE.full_name}/Generate"


class _Echo:
    """A servicer that answers with what it knows of the call."""

    ListGenerators = StreamGenerate = None

    async def GetGenerator(  # noqa: N802 - the rpc's name
        self, request: pb.GetGeneratorRequest, call: Call
    ) -> pb.GetGeneratorResponse:
        """Returns the caller as the generator's description."""
        answer = pb.GetGeneratorResponse()
        answer.generator.id = request.generator_id
        answer.generator.description = call.caller
        return answer

    async def Generate(  # noqa: N802 - the rpc's name
        self,
        request: pb.GenerateRequest,  # noqa: ARG002 - the interface
        call: Call,
    ) -> pb.GenerateResponse:
        """Returns the milliseconds that are left."""
        return pb.GenerateResponse(seed=int(call.time_remaining() * 1_000))


class _Gate:
    """Knows two callers by their token, and refuses one of them."""

    def admit(self, call: Call) -> Call:
        """Names the caller."""
        assert call.caller == "127.0.0.1"
        name = {"Bearer a": "Ann", "Bearer b": "Bob"}.get(call.metadata.get("authorization", ""))
        if name == "Bob":
            raise OverloadedError("Bob has called often enough.")
        return replace(call, caller=name or "nobody")


class _Observer:
    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def began(self, call: Call) -> None:
        self.heard.append((call.method, call.request_id))

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        assert seconds >= 0
        self.heard.append((call.caller, code, reason))


@pytest.fixture
def observer() -> _Observer:
    """Who hears of all calls."""
    return _Observer()


@pytest_asyncio.fixture
async def port(observer: _Observer) -> AsyncIterator[HttpPort]:
    """A port of its own, without a gRPC server beside it."""

    async def healthy() -> bool:
        return True

    boundary = Boundary(5.0, gates=[_Gate()], observers=[observer])
    made = HttpPort([(SERVICE, _Echo())], boundary, HttpSettings(), healthy=healthy)
    await made.start()
    yield made
    await made.stop()


async def _post(port: HttpPort, path: str, body: bytes, **headers: str) -> Answer:
    kind = "application/json"
    return await asyncio.to_thread(ask, port.place, path, body, Content_Type=kind, **headers)


@pytest.mark.asyncio
async def test_gates_know_callers_by_their_headers(port: HttpPort) -> None:
    for token, name in (("Bearer a", "Ann"), ("Bearer \xff", "nobody"), ("", "nobody")):
        answer = await _post(port, GET, b"{}", Authorization=token)
        assert answer.json()["generator"]["description"] == name


@pytest.mark.asyncio
async def test_who_is_refused_is_told_so(port: HttpPort, observer: _Observer) -> None:
    answer = await _post(port, GET, b"{}", AUTHORIZATION="Bearer b")
    assert (answer.status, answer.failure().code) == (429, "RESOURCE_EXHAUSTED")
    assert observer.heard == [(GET, ""), ("127.0.0.1", "RESOURCE_EXHAUSTED", "OVERLOADED")]


@pytest.mark.asyncio
async def test_observers_hear_of_every_call(port: HttpPort, observer: _Observer) -> None:
    """Of one that cannot be read, too."""
    await _post(port, GENERATE, b'{"requestId": "mine"}')
    await _post(port, GENERATE, b"{")
    assert observer.heard == [
        (GENERATE, "mine"),
        ("nobody", "OK", ""),
        (GENERATE, ""),
        ("nobody", "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize(("asked", "most"), [("3000", 3_000), (None, 5_000)])
async def test_the_deadline_is_the_callers_or_the_servers(
    port: HttpPort, asked: str | None, most: int
) -> None:
    headers = {} if asked is None else {"Connect_Timeout_Ms": asked}
    answer = await _post(port, GENERATE, b"{}", **headers)
    assert most - 2_500 < int(answer.json()["seed"]) <= most
