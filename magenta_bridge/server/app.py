"""The gRPC server: opens the ports, serves, and drains."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, cast

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.generators.registry import GeneratorRegistry
from magenta_bridge.limits import OPEN_CALLS, REFUSED_AT_ONCE, REFUSED_PER_SECOND
from magenta_bridge.server.bind_policy import allows_anonymous_admin, check_exposure
from magenta_bridge.server.bundles.health import ModelHealth
from magenta_bridge.server.bundles.loader import BundleLoader
from magenta_bridge.server.http.server import HttpServer
from magenta_bridge.server.idle_shutdown import KeepAliveFolder
from magenta_bridge.server.rpc.boundary import Boundary, Gate, Observer
from magenta_bridge.server.rpc.grpc_interceptor import BoundaryInterceptor, transport_options
from magenta_bridge.server.security.endpoint import check_free
from magenta_bridge.server.security.rate_limit import RateGate, rate_gates
from magenta_bridge.server.security.reloading import server_credentials
from magenta_bridge.server.security.tokens import AccessGate
from magenta_bridge.server.services.generation import GenerationService
from magenta_bridge.server.services.models import ModelService
from magenta_bridge.server.settings import ServerSettings
from magenta_bridge.server.telemetry.setup import Telemetry
from magenta_bridge.server.workers.pool import WorkerPool
from magenta_bridge.v1 import (
    generation_pb2,
    generation_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
)

if TYPE_CHECKING:
    from magenta_bridge.server.telemetry.metrics_server import MetricsPort
    from magenta_bridge.server.telemetry.tracing import Tracing

_LAST_BYTES_SECONDS: Final = 0.5
_GENERATION: Final = generation_pb2.DESCRIPTOR.services_by_name["GenerationService"]
_MODELS: Final = model_pb2.DESCRIPTOR.services_by_name["ModelService"]
SERVICE_NAME: Final = _GENERATION.full_name
MODEL_SERVICE_NAME: Final = _MODELS.full_name
_NO_HTTP: Final = (
    "The HTTP port stays closed, because it cannot check client certificates; to open it, also "
    "give --token-file."
)
_SERVING: Final = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING
_OWN_HEALTH: Final = (health.OVERALL_HEALTH, SERVICE_NAME, MODEL_SERVICE_NAME)


class BridgeServer:
    """A gRPC server with our services, health and, on loopback, reflection, on one port.

    Threading: call everything on one event loop; the generators run on worker threads.

    Args:
        registry: The generators to serve.
        settings: How the server behaves.
        workers: Threads for the generators; None to create them from the settings.

    Raises:
        InvalidArgumentError: The address cannot be parsed.
        UnsupportedError: Other computers could reach the server, and it is not secured.
        NotFoundError: A TLS file does not exist.
        FileFormatError: A TLS file is damaged, encrypted or expired.
    """

    def __init__(
        self,
        registry: GeneratorRegistry,
        settings: ServerSettings | None = None,
        *,
        workers: WorkerPool | None = None,
    ) -> None:
        self.settings = settings = settings or ServerSettings()
        self._endpoint = check_exposure(settings)
        self._credentials = server_credentials(settings.tls) if settings.tls else None
        self.workers = workers or WorkerPool(
            settings.workers, waiting=settings.queue, queue_seconds=settings.queue_seconds
        )
        self._health = ModelHealth()
        self._telemetry = Telemetry(
            settings, registry, self.workers, lambda: not self._boundary.draining
        )
        self._access = AccessGate(
            settings.tokens,
            all_admins=allows_anonymous_admin(settings),
            refusals=RateGate(REFUSED_PER_SECOND.value, REFUSED_AT_ONCE.value),
        )
        self._boundary = Boundary(
            settings.request_seconds,
            longest=settings.longest_seconds,
            gates=self._gates(),
            observers=self._observers(),
        )
        self._stopping = asyncio.Lock()
        self._server = grpc.aio.server(
            interceptors=[BoundaryInterceptor(self._boundary, self._access.knows, _OWN_HEALTH)],
            maximum_concurrent_rpcs=OPEN_CALLS.value,
            options=transport_options(loopback=self._endpoint.is_loopback),
        )
        self._bundles = BundleLoader(registry, self._health, settings.sources)
        self._generation = GenerationService(registry, self.workers, self._telemetry.metrics)
        self._models = ModelService(self._bundles)
        self.http = self._http_port()
        # Started after the gRPC port opens, and stopped before it closes.
        self._companions: list[MetricsPort | Tracing | HttpServer] = [*self._telemetry.companions]
        if self.http is not None:
            self._companions.append(self.http)
        self._add_services()

    def _gates(self) -> list[Gate]:
        """Return the checks that each call passes, in order."""
        settings = self.settings
        return [
            self._access,
            *rate_gates(
                settings.calls_per_second,
                settings.calls_at_once,
                loopback=self._endpoint.is_loopback,
            ),
        ]

    def _observers(self) -> list[Observer]:
        """Return the observers of every call."""
        return [*self._telemetry.observers]

    def notices(self) -> list[str]:
        """Return a line for each additional port that was opened, or was not."""
        return [*self._telemetry.notices(), *([_NO_HTTP] if self._http_is_unsafe() else [])]

    def _http_is_unsafe(self) -> bool:
        """Return whether only client certificates identify callers, which HTTP does not check."""
        tls = self.settings.tls
        return bool(self.settings.http and tls and tls.ca and not self.settings.tokens)

    def _http_port(self) -> HttpServer | None:
        if self.settings.http is None or self._http_is_unsafe():
            return None
        services = ((_GENERATION, self._generation), (_MODELS, self._models))
        return HttpServer(services, self._boundary, self.settings.http, healthy=self._is_serving)

    async def _is_serving(self) -> bool:
        request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
        response = await self._health.Check(request, None)
        return bool(response.status == _SERVING)

    def _add_services(self) -> None:
        # The servicers take our Call in place of gRPC's context: see the interceptor.
        servicer = cast(generation_pb2_grpc.GenerationServiceServicer, self._generation)
        generation_pb2_grpc.add_GenerationServiceServicer_to_server(servicer, self._server)
        models = cast(model_pb2_grpc.ModelServiceServicer, self._models)
        model_pb2_grpc.add_ModelServiceServicer_to_server(models, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._endpoint.is_loopback:
            ours = (SERVICE_NAME, MODEL_SERVICE_NAME)
            names = (*ours, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self) -> str:
        """Open the port, load the bundles, and then report SERVING.

        Returns:
            The address, with the port that was opened.

        Raises:
            UnsupportedError: The server cannot listen on the port.
            MagentaBridgeError: A bundle named in the settings cannot be used.
        """
        check_free(self._endpoint)
        address = str(self._endpoint)
        try:
            if self._credentials is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, self._credentials)
        except RuntimeError as error:
            raise UnsupportedError(
                f"Cannot listen on {address}; choose another port.", field="address"
            ) from error
        await self._set_health(_NOT_SERVING)
        await self._server.start()
        for companion in self._companions:
            await companion.start()
        await self._bundles.start()
        await self._set_health(_SERVING)
        return str(type(self._endpoint)(self._endpoint.host, port))

    async def _set_health(self, status: int) -> None:
        for service in _OWN_HEALTH:
            await self._health.set(service, status)

    async def drain(self, grace: float | None = None) -> None:
        """Report NOT_SERVING, reject new calls, let calls in flight finish, and stop.

        Args:
            grace: Seconds after which remaining calls are canceled; None for the settings'.
        """
        grace = self.settings.grace_seconds if grace is None else grace
        await self._health.enter_graceful_shutdown()
        self._boundary.drain()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._boundary.wait_idle(), grace)
        for companion in self._companions:
            await companion.stop()
        await self._bundles.stop()
        # Two overlapping stops crash gRPC. This one waits only for the last bytes to be sent;
        # it cancels health watches, which never end.
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
    """Serve until SIGINT, SIGTERM or the idle timeout of the settings, then drain and return.

    A second signal cancels the calls in flight.

    Args:
        registry: The generators to serve.
        settings: How the server behaves.
        ready: Called with the address, and that of the HTTP port, once the server is ready.
        notice: Called after it with a line for each other port that was opened.

    Raises:
        InvalidArgumentError: The address cannot be parsed.
        UnsupportedError: The port is taken, or other computers could reach the server and it is
            not secured.
        NotFoundError: A TLS file does not exist.
        FileFormatError: A TLS file is damaged, encrypted or expired.
    """
    with stop_signals() as stops:
        server = BridgeServer(registry, settings)
        try:
            starting = asyncio.ensure_future(server.start())
            if await _stopped_first(starting, stops):
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
                await server.drain(0)
                return
            address = await starting
            if ready is not None:
                ready(address if server.http is None else f"{address} and {server.http.url}")
            if notice is not None:
                for line in server.notices():
                    notice(line)
            if server.settings.idle_shutdown is None:
                await stops.get()
            else:
                idle = KeepAliveFolder(server.settings.idle_shutdown).wait_until_idle()
                waiting = asyncio.ensure_future(idle)
                await _stopped_first(waiting, stops)
                waiting.cancel()
        except BaseException:
            await server.drain(0)
            raise
        draining = asyncio.ensure_future(server.drain())
        if await _stopped_first(draining, stops) and not draining.done():
            await server.drain(0)
        await draining


async def _stopped_first(work: asyncio.Future[Any], stops: asyncio.Queue[int]) -> bool:
    """Wait for work to be done or a stop signal; return whether there was a signal."""
    stop = asyncio.ensure_future(stops.get())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        return stop.done()
    except BaseException:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        raise
    finally:
        stop.cancel()


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Queue[int]]:
    """Collect SIGINT and SIGTERM in a queue instead of ending the process.

    Signals arrive in the main thread only; in any other thread the queue stays empty.

    Yields:
        A queue of the running event loop with the numbers of the signals.
    """
    loop = asyncio.get_running_loop()
    stops: asyncio.Queue[int] = asyncio.Queue()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return

    # loop.add_signal_handler does not exist on Windows.
    def put(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stops.put_nowait, number)

    before = {number: signal.signal(number, put) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
