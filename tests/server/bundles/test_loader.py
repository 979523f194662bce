"""The responses of a server while its bundles are loading."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.client import AsyncClient
from magenta_bridge.description import GeneratorStatus
from magenta_bridge.errors import (
    BundleError,
    InvalidArgumentError,
    MagentaBridgeError,
    NotFoundError,
    PermissionDeniedError,
    UnsupportedError,
)
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import CALLERS_WATCHES, HEALTH_WATCHES, Limit
from magenta_bridge.server import app
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.rpc import grpc_interceptor
from magenta_bridge.server.security.tokens import Tokens, make_token
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1 import generator_pb2
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.answers import read_failure
from tests.contract.fake_generator import FaultyGenerator, GatedGenerator, ScaleGenerator
from tests.contract.live_server import AdminServer
from tests.contract.rpc_cases import options
from tests.server.folders import put

Status = health_pb2.HealthCheckResponse
Load = Callable[[Path], SequenceGenerator]


def _settings(address: str, load: Load, *names: str) -> ServerSettings:
    files = [Path(f"{name}.mag") for name in names]
    return ServerSettings(address, sources=Sources(files=files, load=load))


def _free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        return f"127.0.0.1:{reserved.getsockname()[1]}"


@contextlib.asynccontextmanager
async def _loading(gated: GatedGenerator) -> AsyncIterator[tuple[grpc.aio.Channel, Any]]:
    """Start a server that waits at a gate for its generator's first bar."""
    address = _free_address()
    server = app.BridgeServer(
        GeneratorRegistry([ScaleGenerator()]), _settings(address, lambda _: gated, "gated")
    )
    starting = asyncio.ensure_future(server.start())
    try:
        assert await asyncio.to_thread(gated.waiting.wait, 10)
        async with grpc.aio.insecure_channel(address) as channel:
            yield channel, starting
    finally:
        gated.gate.set()
        await starting
        await server.drain(0)


def _watch(channel: grpc.aio.Channel, service: str) -> Any:  # noqa: ANN401 - it has no types
    request = health_pb2.HealthCheckRequest(service=service)
    return health_pb2_grpc.HealthStub(channel).Watch(request, timeout=30)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "service",
    [
        "",
        "magenta_bridge.v1.GenerationService",
        "magenta_bridge.v1.ModelService",
        "magenta_bridge.v1.models/gated",
    ],
)
async def test_health_is_serving_once_all_generators_are_warm(service: str) -> None:
    """The port is open long before; the server only waits for the first bar."""
    gated = GatedGenerator()
    async with _loading(gated) as (channel, starting):
        watch = _watch(channel, service)
        assert (await watch.read()).status == Status.NOT_SERVING
        assert not starting.done()
        gated.gate.set()
        assert (await watch.read()).status == Status.SERVING
        assert gated.ended.is_set()
        await starting


@pytest.mark.asyncio
@pytest.mark.parametrize("limit", [HEALTH_WATCHES, CALLERS_WATCHES], ids=["all", "one caller"])
async def test_health_watches_are_limited(monkeypatch: pytest.MonkeyPatch, limit: Limit) -> None:
    """One that ends makes room; a damaged request is an invalid argument."""
    name = "HEALTH_WATCHES" if limit is HEALTH_WATCHES else "CALLERS_WATCHES"
    monkeypatch.setattr(grpc_interceptor, name, replace(limit, value=1))
    gated = GatedGenerator()
    async with _loading(gated) as (channel, starting):
        first = _watch(channel, "")
        assert (await first.read()).status == Status.NOT_SERVING
        with pytest.raises(grpc.RpcError) as caught:
            await _watch(channel, "").read()
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        first.cancel()
        raw: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
        with pytest.raises(grpc.RpcError) as caught:
            await raw(b"\x0a\xff")
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        gated.gate.set()
        await starting


@pytest.mark.asyncio
async def test_ready_generators_serve_while_others_load() -> None:
    async with _loading(GatedGenerator()) as (channel, _):
        request = pb.GenerateRequest(generator_id="scale", options=options())
        assert (await GenerationServiceStub(channel).Generate(request, timeout=10)).sequences
        ready = _watch(channel, "magenta_bridge.v1.models/scale")
        assert (await ready.read()).status == Status.SERVING
        listed = await GenerationServiceStub(channel).ListGenerators(pb.ListGeneratorsRequest())
        assert [one.id for one in listed.generators] == ["gated", "scale"]
        assert [one.status for one in listed.generators] == [
            generator_pb2.GENERATOR_STATUS_LOADING,
            generator_pb2.GENERATOR_STATUS_READY,
        ]


@pytest.mark.asyncio
@pytest.mark.parametrize("generator_id", ["gated", "not_known_yet"])
async def test_a_loading_generator_is_unavailable(generator_id: str) -> None:
    async with _loading(GatedGenerator()) as (channel, _):
        request = pb.GenerateRequest(generator_id=generator_id, options=options())
        with pytest.raises(grpc.RpcError) as caught:
            await GenerationServiceStub(channel).Generate(request, timeout=10)
        failure = read_failure(caught.value)
        assert (failure.code, failure.retry_s) == ("UNAVAILABLE", 1.0)


@pytest.mark.asyncio
async def test_health_of_an_unknown_generator_is_not_found() -> None:
    async with _loading(GatedGenerator()) as (channel, _):
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="magenta_bridge.v1.models/missing")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health.Check(request, timeout=10)
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.asyncio
async def test_a_signal_ends_loading_at_once() -> None:
    gated = GatedGenerator()
    settings = _settings("127.0.0.1:0", lambda _: gated, "gated")
    serving = asyncio.ensure_future(
        app.serve(GeneratorRegistry(), settings, ready=lambda _: pytest.fail("it was ready"))
    )
    assert await asyncio.to_thread(gated.waiting.wait, 10)
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait_for(serving, 10)
    assert gated.ended.is_set()


@pytest.mark.asyncio
async def test_a_hung_drive_does_not_delay_the_shutdown() -> None:
    reading, answer = threading.Event(), threading.Event()

    def hang(_: Path) -> SequenceGenerator:
        reading.set()
        answer.wait(60)
        return ScaleGenerator()

    settings = _settings("127.0.0.1:0", hang, "scale")
    serving = asyncio.ensure_future(app.serve(GeneratorRegistry(), settings))
    assert await asyncio.to_thread(reading.wait, 10)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(serving, 10)
    answer.set()


@pytest.mark.asyncio
async def test_a_named_bundle_that_cannot_be_used_ends_the_server(tmp_path: Path) -> None:
    """The error has the reason; a bundle of a folder would only be reported."""
    broken = tmp_path / "broken.mag"
    broken.write_bytes(b"nothing of use")
    same = [put(tmp_path, "a.mag"), put(tmp_path, "b.mag")]
    cases: list[tuple[Sources, type[MagentaBridgeError], str]] = [
        (Sources([broken]), BundleError, "not a bundle"),
        (Sources([tmp_path / "nowhere.mag"]), NotFoundError, "nowhere"),
        (Sources(same), InvalidArgumentError, "both called 'tune'"),
        (Sources([broken], load=lambda _: FaultyGenerator()), BundleError, "first bar"),
        (Sources(folder=tmp_path / "gone"), NotFoundError, "bundle folder"),
    ]
    for sources, cls, text in cases:
        address = _free_address()
        with pytest.raises(cls, match=text):
            await app.serve(GeneratorRegistry(), ServerSettings(address, sources=sources))
        again = app.BridgeServer(GeneratorRegistry(), ServerSettings(address))
        assert await again.start() == address
        await again.drain(0)


@pytest.mark.asyncio
async def test_named_bundles_and_a_folder_serve_together(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    named = put(tmp_path, "named.mag")
    put(folder, "same_id.mag", description="of the folder")
    put(folder, "other.mag", generator_id="other")
    sources = Sources([named], folder)
    server = AdminServer(GeneratorRegistry(), ServerSettings("127.0.0.1:0", sources=sources))
    async with AsyncClient(await server.start(), timeout=30) as bridge:
        other, tune = await bridge.generators()
        assert (other.id, other.status) == ("other", GeneratorStatus.READY)
        assert (tune.id, tune.description) == ("tune", "first")
        refused = (await bridge.bundles())[1]
        assert "a bundle from outside the folder" in refused.status_message
        with pytest.raises(UnsupportedError, match="does not come from the bundle folder"):
            await bridge.unload("tune")
    await server.drain(0)


@pytest.mark.asyncio
async def test_a_bundle_can_be_loaded_before_the_next_scan(tmp_path: Path) -> None:
    """The first bundle keeps its id."""
    sources = Sources(folder=tmp_path, pause_seconds=3600)
    server = AdminServer(GeneratorRegistry(), ServerSettings("127.0.0.1:0", sources=sources))
    async with AsyncClient(await server.start(), timeout=30) as bridge:
        put(tmp_path, "a.mag")
        put(tmp_path, "b.mag", description="second")
        assert (await bridge.load_bundle("a.mag")).id == "tune"
        with pytest.raises(BundleError, match=r"as a\.mag"):
            await bridge.load_bundle("b.mag")
        assert (await bridge.generator("tune")).description == "first"
    await server.drain(0)


@pytest.mark.asyncio
async def test_a_server_without_a_folder_cannot_load_bundles() -> None:
    server = AdminServer(GeneratorRegistry(), ServerSettings("127.0.0.1:0"))
    async with AsyncClient(await server.start(), timeout=30) as bridge:
        assert await bridge.bundles() == []
        with pytest.raises(UnsupportedError, match="--bundles FOLDER"):
            await bridge.load_bundle("mine.mag")
    await server.drain(0)


@pytest.mark.asyncio
async def test_only_administrators_manage_bundles(tmp_path: Path) -> None:
    put(tmp_path, "mine.mag")
    text = secrets.token_urlsafe(32)
    settings = ServerSettings(
        "127.0.0.1:0",
        sources=Sources(folder=tmp_path),
        tokens=Tokens([make_token("maria", text, where="here")]),
    )
    server = app.BridgeServer(GeneratorRegistry(), settings)
    async with AsyncClient(await server.start(), timeout=30, token=text) as bridge:
        for attempt in (bridge.bundles(), bridge.load_bundle("mine.mag"), bridge.unload("tune")):
            with pytest.raises(PermissionDeniedError, match="administrator"):
                await attempt
        assert [one.id for one in await bridge.generators()] == ["tune"]
    await server.drain(0)
