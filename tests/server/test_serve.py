"""The server in this process: signals, taken ports, grace period."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server import app
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.v1 import generation_pb2 as pb
from magenta_bridge.v1.generation_pb2_grpc import GenerationServiceStub
from tests.contract.fake_generator import GatedGenerator, ScaleGenerator
from tests.contract.rpc_cases import options

SCALE = GeneratorRegistry([ScaleGenerator()])


async def _wait_ready(
    registry: GeneratorRegistry, grace: float = 10
) -> tuple[asyncio.Task[None], str]:
    ready: asyncio.Queue[str] = asyncio.Queue()
    serving = asyncio.ensure_future(
        app.serve(
            registry, ServerSettings("127.0.0.1:0", grace_seconds=grace), ready=ready.put_nowait
        )
    )
    return serving, await asyncio.wait_for(ready.get(), 10)


@pytest.mark.asyncio
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_serving(number: signal.Signals) -> None:
    """It reports that it is ready, returns after the signal, and restores the handlers."""
    before = signal.getsignal(number)
    serving, address = await _wait_ready(SCALE)
    async with grpc.aio.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    os.kill(os.getpid(), number)
    await asyncio.wait_for(serving, 10)
    assert signal.getsignal(number) is before


@pytest.mark.asyncio
async def test_a_second_signal_cancels_calls_in_flight() -> None:
    gated = GatedGenerator()
    serving, address = await _wait_ready(GeneratorRegistry([gated]), grace=100)
    async with grpc.aio.insecure_channel(address) as channel:
        request = pb.GenerateRequest(generator_id="gated", options=options())
        call = GenerationServiceStub(channel).Generate(request, timeout=100)
        assert await asyncio.to_thread(gated.waiting.wait, 10)
        health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await health.read()).status == health_pb2.HealthCheckResponse.SERVING
        os.kill(os.getpid(), signal.SIGTERM)
        assert (await health.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert not serving.done()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 10)
        with pytest.raises(grpc.aio.AioRpcError):
            await call
    assert await asyncio.to_thread(gated.ended.wait, 10)


@pytest.mark.asyncio
async def test_an_error_in_the_ready_callback_stops_the_server() -> None:
    """For instance a broken pipe of the command line."""
    addresses: list[str] = []

    def fail(address: str) -> None:
        addresses.append(address)
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await app.serve(SCALE, ServerSettings("127.0.0.1:0"), ready=fail)
    again = app.BridgeServer(SCALE, ServerSettings(addresses[0]))
    assert await again.start() == addresses[0]
    await again.drain(0)


@pytest.mark.asyncio
async def test_a_second_server_on_a_port_fails() -> None:
    server = app.BridgeServer(SCALE, ServerSettings("127.0.0.1:0"))
    address = await server.start()
    second = app.BridgeServer(SCALE, ServerSettings(address))
    with pytest.raises(UnsupportedError, match=address):
        await second.start()
    await second.drain(0)
    await server.drain(0)


@pytest.mark.asyncio
async def test_the_port_is_free_again_after_draining() -> None:
    server = app.BridgeServer(SCALE, ServerSettings("127.0.0.1:0"))
    address = await server.start()
    await server.drain()
    again = app.BridgeServer(SCALE, ServerSettings(address))
    assert await again.start() == address
    await again.drain()


@pytest.mark.asyncio
async def test_worker_threads_end_with_the_server() -> None:
    before = set(threading.enumerate())
    server = app.BridgeServer(SCALE, ServerSettings("127.0.0.1:0"))
    await server.start()
    workers = [
        thread
        for thread in set(threading.enumerate()) - before
        if thread.name.startswith("worker-")
    ]
    assert workers
    await server.drain()
    for thread in workers:
        thread.join(10)
        assert not thread.is_alive()
