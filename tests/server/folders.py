"""A server with a folder of real bundles, and ways to wait for their status."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.client import AsyncClient, BundleInfo
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.settings import ServerSettings
from tests.contract.live_server import AdminServer
from tests.runtime.programs import a_program

PAUSE = 0.02


def put(folder: Path, name: str, generator_id: str = "tune", description: str = "first") -> Path:
    """Write a bundle to a folder atomically."""
    path = folder / name
    write_bundle(
        path,
        generator_id=generator_id,
        description=description,
        details="",
        program=a_program(),
        network=b"none",
    )
    return path


class Listener:
    """A client of a server, with ways to wait for a status.

    Attributes:
        bridge: The client.
        address: The server's address.
    """

    def __init__(self, bridge: AsyncClient, address: str) -> None:
        self.bridge = bridge
        self.address = address

    async def bundle(self, name: str, holds: Callable[[BundleInfo], bool]) -> BundleInfo:
        """Return a bundle once it satisfies a condition; fail after 60 seconds."""

        async def look() -> BundleInfo:
            while True:
                for bundle in await self.bridge.bundles():
                    if bundle.name == name and holds(bundle):
                        return bundle

        return await asyncio.wait_for(look(), 30)

    async def described(self, generator_id: str, description: str) -> None:
        """Wait until a generator has a description; fail after 60 seconds."""

        async def look() -> None:
            while True:
                found = {one.id: one.description for one in await self.bridge.generators()}
                if found.get(generator_id) == description:
                    return

        await asyncio.wait_for(look(), 30)

    @contextlib.asynccontextmanager
    async def health(self, generator_id: str) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
        """Watch a generator's health; yield a function that returns the next status."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            request = health_pb2.HealthCheckRequest(
                service=f"magenta_bridge.v1.models/{generator_id}"
            )
            call = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=30)
            yield call.read


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Listener]:
    """Serve a folder only."""
    sources = Sources(folder=folder, pause_seconds=PAUSE)
    server = AdminServer(GeneratorRegistry(), ServerSettings("127.0.0.1:0", sources=sources))
    address = await server.start()
    try:
        async with AsyncClient(address, timeout=30) as bridge:
            yield Listener(bridge, address)
    finally:
        await server.drain(0)
