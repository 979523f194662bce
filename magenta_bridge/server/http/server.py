"""The HTTP port: a companion of the gRPC server that answers the same methods."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from aiohttp import web

from magenta_bridge.errors import UnimplementedError
from magenta_bridge.server.http.connections import Connections
from magenta_bridge.server.http.errors import Fault, error_body, http_status
from magenta_bridge.server.http.exchange import Exchange
from magenta_bridge.server.http.handler import Answerer
from magenta_bridge.server.http.origin_guard import Guard, preflight
from magenta_bridge.server.http.routes import Route, Service, gather_routes
from magenta_bridge.server.rpc.boundary import Boundary
from magenta_bridge.server.rpc.status import status_of
from magenta_bridge.server.security.endpoint import Endpoint, check_free
from magenta_bridge.server.settings import HOST, HttpSettings

_LAST_BYTES_SECONDS: Final = 0.5
_BACKLOG: Final = 128
_TEXT: Final = "text/plain; charset=utf-8"
_READ_ONLY: Final = ("GET", "HEAD")
_ABOUT: Final = (
    "This is Magenta Bridge, which writes music: POST JSON to "
    "/magenta_bridge.v1.GenerationService/METHOD, as its docs/http.md tells.\n"
)
_log = logging.getLogger(__name__)


class HttpPort:
    """Answers HTTP on a port of 127.0.0.1, in the Connect protocol.

    Threading: everything is called on one event loop.

    Args:
        services: What is served.
        boundary: What every call passes.
        settings: How the port behaves.
        healthy: Says whether the server is ready for calls.

    Raises:
        InvalidArgumentError: An origin of the settings is none.
    """

    def __init__(
        self,
        services: Iterable[Service],
        boundary: Boundary,
        settings: HttpSettings,
        *,
        healthy: Callable[[], Awaitable[bool]],
    ) -> None:
        self._settings = settings
        self._healthy = healthy
        self._routes = gather_routes(services)
        self._guard = Guard(settings.origins)
        self._answerer = Answerer(boundary)
        self._port = settings.port
        self._connections: Connections | None = None
        self._closing = contextlib.AsyncExitStack()

    @property
    def place(self) -> str:
        """Where it listens, once it has been started: ``http://127.0.0.1:50052``."""
        return f"http://{HOST}:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections or ())

    async def start(self) -> None:
        """Opens the port.

        Raises:
            UnsupportedError: The port cannot be listened on.
        """
        check_free(Endpoint(HOST, self._settings.port))
        listener = socket.create_server((HOST, self._settings.port), backlog=_BACKLOG)
        self._port = listener.getsockname()[1]
        self._connections = Connections(self._handle, self._settings)
        runner = web.ServerRunner(self._connections, shutdown_timeout=_LAST_BYTES_SECONDS)
        await runner.setup()
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
        sweeper = asyncio.ensure_future(self._connections.sweep())
        self._closing.callback(self._answerer.close)
        self._closing.push_async_callback(runner.cleanup)
        self._closing.callback(sweeper.cancel)

    async def stop(self) -> None:
        """Cuts off what is in hand, lets last bytes go, and closes the port."""
        self._answerer.cut_off()
        await self._closing.aclose()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(request, self._settings)
        try:
            exchange.headers.update(self._guard.admit(request, self._port))
            return await self._dispatch(exchange)
        except Fault as fault:
            _log.info("%s %s: %s", request.method, request.rel_url.raw_path[:200], fault.error)
            body = error_body(status_of(fault.error, where=request.method))
            return await exchange.answer(fault.http_status, body, headers=fault.headers)
        except ConnectionError:
            raise
        except Exception as bug:  # noqa: BLE001 - whatever it is, it must not leak
            status = status_of(bug, where=f"{request.method} {request.rel_url.raw_path[:200]}")
            if exchange.begun:
                exchange.hang_up()
            return await exchange.answer(http_status(status), error_body(status))

    async def _dispatch(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        path = request.rel_url.raw_path
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return await exchange.answer(204, headers=preflight(request))
        if path in self._routes:
            route = self._routes[path]
            _check_verb(request, route.verbs)
            return await self._answerer.answer(exchange, route)
        if path in ("/", "/healthz"):
            _check_verb(request, _READ_ONLY)
            return await self._tell(exchange, path)
        raise _unknown(path, self._routes)

    async def _tell(self, exchange: Exchange, path: str) -> web.StreamResponse:
        if path == "/":
            return await exchange.answer(200, _ABOUT.encode(), _TEXT)
        if await self._healthy():
            return await exchange.answer(200, b"SERVING\n", _TEXT)
        return await exchange.answer(503, b"NOT_SERVING\n", _TEXT)


def _check_verb(request: web.BaseRequest, verbs: tuple[str, ...]) -> None:
    if request.method not in verbs:
        raise Fault(
            405,
            UnimplementedError(
                f"{request.rel_url.raw_path} takes {' and '.join(verbs)}, not "
                f"{request.method[:20]!r}."
            ),
            {"Allow": ", ".join(verbs)},
        )


def _unknown(path: str, routes: dict[str, Route]) -> Fault:
    service = path.rpartition("/")[0]
    methods = [route.rpartition("/")[2] for route in routes if route.rpartition("/")[0] == service]
    known = f", but {', '.join(methods)}" if methods else "; see docs/http.md"
    return Fault(404, UnimplementedError(f"There is no method {path[:200]}{known}."))
