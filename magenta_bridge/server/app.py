"""The server as a whole: from the first port to the last answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol, cast

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.server.bind_policy import allows_anonymous_admin, check_exposure
from magenta_bridge.server.bundles.health import ModelHealth
from magenta_bridge.server.bundles.loader import BundleLoader
from magenta_bridge.server.http.server import HttpServer
from magenta_bridge.server.idle_shutdown import IdleShutdownSettings, KeepAliveFolder
from magenta_bridge.server.rpc.boundary import Boundary, Gate, Observer
from magenta_bridge.server.rpc.channel_options import transport_options
from magenta_bridge.server.rpc.grpc_interceptor import BoundaryInterceptor
from magenta_bridge.server.security.authentication import AccessGate
from magenta_bridge.server.security.endpoint import check_free
from magenta_bridge.server.security.rate_limit import rate_gates
from magenta_bridge.server.security.reloading import server_credentials
from magenta_bridge.server.services.generation import GenerationService
from magenta_bridge.server.services.models import ModelService
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.server.signals import stop_requests
from magenta_bridge.server.telemetry.setup import Observation
from magenta_bridge.server.workers.pool import WorkerPool, pool_of
from magenta_bridge.v1 import (
    generation_pb2,
    generation_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
)

_LAST_BYTES_SECONDS: Final = 0.5
_GENERATION: Final = generation_pb2.DESCRIPTOR.services_by_name["GenerationService"]
_MODELS: Final = model_pb2.DESCRIPTOR.services_by_name["ModelService"]
SERVICE_NAME: Final = _GENERATION.full_name
MODEL_SERVICE_NAME: Final = _MODELS.full_name
_SERVING: Final = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING


class LifecycleService(Protocol):
    """Something that lives as long as the server does: another port, a watcher of files."""

    async def start(self) -> None:
        """Begins; requests are answered from now on."""

    async def stop(self) -> None:
        """Ends; no request is in hand any more."""


class BridgeServer:
    """A gRPC server with our service, health and, on loopback, reflection, on one port.

    Threading: everything is called on one event loop; the generators run on worker threads.

    Args:
        registry: The generators to serve.
        settings: How the server behaves.
        workers: Threads for the generators; None for those that the settings ask for.

    Raises:
        InvalidArgumentError: The address cannot be read.
        UnsupportedError: Other computers could reach it, and nothing would keep them out.
        NotFoundError: A file for TLS is not there.
        FileFormatError: A file for TLS is damaged, encrypted or expired.
    """

    def __init__(
        self,
        registry: GeneratorRegistry,
        settings: ServerSettings | None = None,
        *,
        workers: WorkerPool | None = None,
    ) -> None:
        self.settings = settings or ServerSettings()
        self._endpoint = check_exposure(self.settings)
        self._credentials = server_credentials(self.settings.tls) if self.settings.tls else None
        self.workers = workers or pool_of(self.settings)
        self._health = ModelHealth()
        self._observation = Observation(
            self.settings, registry, self.workers, lambda: not self._boundary.refusing
        )
        self._boundary = Boundary(
            self.settings.request_seconds,
            longest=self.settings.longest_seconds,
            gates=self._gates(),
            observers=self._observers(),
        )
        self._stopping = asyncio.Lock()
        self._server = grpc.aio.server(
            interceptors=[BoundaryInterceptor(self._boundary)],
            options=transport_options(loopback=self._endpoint.is_loopback),
        )
        self._library = BundleLoader(registry, self._health, self.settings.sources)
        self._generation = GenerationService(registry, self.workers, self._observation.metrics)
        self._models = ModelService(self._library)
        self._companions = self._gather_companions()
        self._add_services()

    def _gates(self) -> list[Gate]:
        """Returns who is asked, in order, before a call is worked on."""
        access = AccessGate(self.settings.tokens, all_admins=allows_anonymous_admin(self.settings))
        return [
            access,
            *rate_gates(
                self.settings.calls_per_second,
                self.settings.calls_at_once,
                loopback=self._endpoint.is_loopback,
            ),
        ]

    def _observers(self) -> list[Observer]:
        """Returns who hears of every call."""
        return [*self._observation.observers]

    def _gather_companions(self) -> list[LifecycleService]:
        """Returns what starts behind the port is open and stops before it is closed."""
        return [*self._observation.companions, *self._http_port()]

    def notices(self) -> list[str]:
        """Returns what else to tell whoever started the server, a line each."""
        return self._observation.notices()

    def _http_port(self) -> list[HttpServer]:
        if self.settings.http is None:
            return []
        services = ((_GENERATION, self._generation), (_MODELS, self._models))
        return [HttpServer(services, self._boundary, self.settings.http, healthy=self._is_serving)]

    async def _is_serving(self) -> bool:
        request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
        answer = await self._health.Check(request, None)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def _add_services(self) -> None:
        # It takes our calls in place of gRPC's contexts: the interceptor stands between.
        servicer = cast(generation_pb2_grpc.GenerationServiceServicer, self._generation)
        generation_pb2_grpc.add_GenerationServiceServicer_to_server(servicer, self._server)
        models = cast(model_pb2_grpc.ModelServiceServicer, self._models)
        model_pb2_grpc.add_ModelServiceServicer_to_server(models, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._endpoint.is_loopback:
            ours = (SERVICE_NAME, MODEL_SERVICE_NAME)
            names = (*ours, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    @property
    def http(self) -> HttpServer | None:
        """The HTTP port; None if there is none."""
        return next((one for one in self._companions if isinstance(one, HttpServer)), None)

    async def start(self) -> str:
        """Opens the port, loads what is to be loaded, and then says SERVING.

        Returns:
            The address with the port that was taken.

        Raises:
            UnsupportedError: The port cannot be listened on.
            MagentaBridgeError: A bundle that is named in the settings cannot be used.
        """
        check_free(self._endpoint)
        try:
            port = self._open_port(str(self._endpoint))
        except RuntimeError as error:
            raise UnsupportedError(
                f"Cannot listen on {self._endpoint}; choose another port.", field="address"
            ) from error
        await self._say(_NOT_SERVING)
        await self._server.start()
        for companion in self._companions:
            await companion.start()
        await self._library.open()
        await self._say(_SERVING)
        return str(type(self._endpoint)(self._endpoint.host, port))

    def _open_port(self, address: str) -> int:
        if self._credentials is None:
            return self._server.add_insecure_port(address)
        return self._server.add_secure_port(address, self._credentials)

    async def _say(self, status: int) -> None:
        for service in (health.OVERALL_HEALTH, SERVICE_NAME, MODEL_SERVICE_NAME):
            await self._health.set(service, status)

    async def drain(self, grace: float | None = None) -> None:
        """Says NOT_SERVING, refuses new calls, and lets those in hand finish.

        Args:
            grace: Seconds after which calls still in hand are cut off; None for the settings'.
        """
        grace = self.settings.grace_seconds if grace is None else grace
        await self._health.enter_graceful_shutdown()
        self._boundary.refuse()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._boundary.wait_idle(), grace)
        for companion in self._companions:
            await companion.stop()
        await self._library.stop()
        # gRPC's own stop crashes the process where two of them overlap. What it waits for here
        # are last bytes on their way; it cuts off health watches, which have no end.
        async with self._stopping:
            await self._server.stop(min(grace, _LAST_BYTES_SECONDS))
        self.workers.close()


async def serve(
    registry: GeneratorRegistry,
    settings: ServerSettings | None = None,
    *,
    ready: Callable[[str], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> None:
    """Serves until the process is asked to stop (SIGINT, SIGTERM), then drains and returns.

    Where the settings name users it also drains and returns once they are gone. A second
    signal cuts off the calls in hand.

    Args:
        registry: The generators to serve.
        settings: How the server behaves.
        ready: Called with the address, and with that of the HTTP port, once requests are
            answered.
        notice: Called after it with a line for everything else that was opened.

    Raises:
        InvalidArgumentError: The address cannot be read.
        UnsupportedError: The port is taken, or other computers could reach it and nothing
            would keep them out.
        NotFoundError: A file for TLS is not there.
        FileFormatError: A file for TLS is damaged, encrypted or expired.
    """
    with stop_requests() as stops:
        server = BridgeServer(registry, settings)
        try:
            taken = await _start_unless_stopped(server, stops)
            if taken is None:
                await server.drain(0)
                return
            if ready is not None:
                ready(taken if server.http is None else f"{taken} and {server.http.url}")
            if notice is not None:
                for line in server.notices():
                    notice(line)
            await _wait_for_end(stops, server.settings.users)
        except BaseException:
            await server.drain(0)
            raise
        await _drain_unless_hurried(server, stops)


async def _start_unless_stopped(server: BridgeServer, stops: asyncio.Queue[int]) -> str | None:
    """Returns the address; None when the process was asked to stop before all was loaded."""
    starting = asyncio.ensure_future(server.start())
    stop = asyncio.ensure_future(stops.get())
    try:
        await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
        return None if stop.done() else await starting
    finally:
        stop.cancel()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)


async def _wait_for_end(stops: asyncio.Queue[int], users: IdleShutdownSettings | None) -> None:
    """Waits until the process is asked to stop, or nobody is left whom it is there for."""
    if users is None:
        await stops.get()
        return
    stop = asyncio.ensure_future(stops.get())
    gone = asyncio.ensure_future(KeepAliveFolder(users).wait_until_gone())
    try:
        await asyncio.wait({stop, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()
        gone.cancel()


async def _drain_unless_hurried(server: BridgeServer, stops: asyncio.Queue[int]) -> None:
    draining = asyncio.ensure_future(server.drain())
    hurry = asyncio.ensure_future(stops.get())
    await asyncio.wait({draining, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not draining.done():
        await server.drain(0)
    await draining
