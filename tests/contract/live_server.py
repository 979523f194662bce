"""A real server on a free loopback port, in a thread with its own event loop."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.app import BridgeServer
from magenta_bridge.server.bundles.sources import Sources
from magenta_bridge.server.http.server import HttpServer
from magenta_bridge.server.rpc.boundary import Gate
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.settings import HttpSettings, ServerSettings
from magenta_bridge.server.workers.pool import WorkerPool
from tests.contract.fake_generator import (
    EndlessGenerator,
    FaultyGenerator,
    GatedGenerator,
    ScaleGenerator,
)

T = TypeVar("T")

LIGHT, HEAVY = "light.mag", "heavy.mag"
# The folder is scanned for LoadBundle only.
_NEVER = 3600.0


class AdminServer(BridgeServer):
    """A server whose callers are all administrators."""

    def _gates(self) -> list[Gate]:
        return [*super()._gates(), _Promotion()]


class _Promotion:
    def admit(self, call: Call) -> Call:
        return replace(call, admin=True)


class LiveServer:
    """The server, its address, and the fakes it serves.

    Args:
        port: Port to listen on; 0 for any free port.
        seconds: Timeout of requests without a deadline.
        longest: Maximum timeout of requests.
        threads: Worker threads.
        waiting: Requests accepted beyond those.
        queue_seconds: Maximum time in the queue.
        calls_per_second: Rate limit per connection; 0 for no limit.
        kind: Class of the server.
        metrics_port: Port for Prometheus; None for no metrics.
        http: The HTTP port; None for none.

    Its bundle folder contains ``light.mag``, which is loaded, and ``heavy.mag``, which is not
    loaded yet and waits for the gate of the gated generator.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seconds: float = 60.0,
        longest: float = 300.0,
        threads: int = 2,
        waiting: int = 64,
        queue_seconds: float = 60.0,
        calls_per_second: float = 0.0,
        kind: type[BridgeServer] = AdminServer,
        metrics_port: int | None = None,
        http: HttpSettings | None = None,
    ) -> None:
        self.scale = ScaleGenerator()
        self.gated = GatedGenerator()
        self.endless = EndlessGenerator()
        self.faulty = FaultyGenerator()
        self.pool = WorkerPool(threads, waiting=waiting, queue_seconds=queue_seconds)
        self._kind = kind
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._settings = ServerSettings(
            address=f"127.0.0.1:{port}",
            request_seconds=seconds,
            longest_seconds=longest,
            calls_per_second=calls_per_second,
            metrics_port=metrics_port,
            http=http,
            sources=Sources(folder=folder, pause_seconds=_NEVER, load=self._load),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server, self.address = self.run(self._start())
        self.channel = grpc.insecure_channel(self.address)

    async def _start(self) -> tuple[BridgeServer, str]:
        registry = GeneratorRegistry([self.scale, self.gated, self.endless, self.faulty])
        folder = Path(self._folder.name)
        (folder / LIGHT).touch()
        server = self._kind(registry, self._settings, workers=self.pool)
        address = await server.start()
        (folder / HEAVY).touch()
        return server, address

    def _load(self, path: Path) -> SequenceGenerator:
        return self.gated.twin("heavy") if path.name == HEAVY else ScaleGenerator("light")

    @property
    def web(self) -> HttpServer:
        """The HTTP port."""
        assert self._server.http is not None
        return self._server.http

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def notices(self) -> list[str]:
        """Return the notices of the server."""
        return self._server.notices()

    def begin_drain(self, grace: float) -> Future[None]:
        """Start to drain the server, as a signal does."""
        return asyncio.run_coroutine_threadsafe(self._server.drain(grace), self._loop)

    def watch_health(self) -> Iterator[int]:
        """Yield the server's health, which is SERVING at first, whenever it changes."""
        with grpc.insecure_channel(self.address) as channel:
            request = health_pb2.HealthCheckRequest()
            for answer in health_pb2_grpc.HealthStub(channel).Watch(request, timeout=60):
                yield answer.status

    def wait_until_open(self, count: int) -> None:
        """Wait until a number of requests are open; fail after 60 seconds."""

        async def watch() -> None:
            while self.pool.open != count:
                await asyncio.sleep(0)

        self.run(asyncio.wait_for(watch(), 60))

    def wait_until_free(self) -> None:
        """Wait until no request is open; fail after 60 seconds."""
        self.wait_until_open(0)

    def close(self) -> None:
        """Stop the server."""
        self.channel.close()
        self.gated.gate.set()
        self.begin_drain(0).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._folder.cleanup()
