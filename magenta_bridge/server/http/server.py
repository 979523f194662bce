"""The HTTP server, which runs beside the gRPC server and serves the same methods."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiohttp import web

from magenta_bridge.errors import UnimplementedError
from magenta_bridge.server.http.connections import Connections
from magenta_bridge.server.http.errors import HttpError
from magenta_bridge.server.http.exchange import Exchange
from magenta_bridge.server.http.handler import CallHandler
from magenta_bridge.server.http.origin_guard import OriginGuard, preflight
from magenta_bridge.server.http.request import Service, gather_routes
from magenta_bridge.server.rpc.boundary import Boundary
from magenta_bridge.server.rpc.status import status_of
from magenta_bridge.server.security.endpoint import AcceptFailures, Endpoint, check_free
from magenta_bridge.server.settings import HOST, HttpSettings

_LAST_BYTES_SECONDS: Final = 0.5
_BACKLOG: Final = 128
_TEXT: Final = "text/plain; charset=utf-8"
_READ_VERBS: Final = ("GET", "HEAD")
_ABOUT: Final = (
    "This is Magenta Bridge, a music generator: POST JSON to "
    "/magenta_bridge.v1.GenerationService/METHOD; see docs/http.md.\n"
)
_log = logging.getLogger(__name__)


class HttpServer:
    """Serves the Connect protocol on a port of 127.0.0.1.

    Threading: everything is called on one event loop.

    Args:
        services: What is served.
        boundary: What every call passes.
        settings: Port, origins and limits.
        healthy: Returns whether the server is ready for calls.

    Raises:
        InvalidArgumentError: An origin in the settings is invalid.
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
        self._guard = OriginGuard(settings.origins)
        self._handler = CallHandler(boundary)
        self._port = settings.port
        self._connections = Connections(self._handle, settings)
        self._closing = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """The address, once started: ``http://127.0.0.1:50052``."""
        return f"http://{HOST}:{self._port}"

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._connections)

    async def start(self) -> None:
        """Open the port.

        Raises:
            UnsupportedError: The port cannot be listened on.
        """
        check_free(Endpoint(HOST, self._settings.port))
        listener = socket.create_server((HOST, self._settings.port), backlog=_BACKLOG)
        self._port = listener.getsockname()[1]
        runner = web.ServerRunner(self._connections, shutdown_timeout=_LAST_BYTES_SECONDS)
        await runner.setup()
        await web.SockSite(runner, listener, backlog=_BACKLOG).start()
        failures = AcceptFailures("HTTP")
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: _report(loop, context, failures)
        )
        aborting = asyncio.ensure_future(self._connections.abort_unread())
        self._closing.callback(self._handler.close)
        self._closing.push_async_callback(runner.cleanup)
        self._closing.callback(aborting.cancel)

    async def stop(self) -> None:
        """Cancel the calls in flight, send the last bytes, and close the port."""
        self._handler.cut_off()
        await self._closing.aclose()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(request, self._settings)
        line = f"{request.method} {request.rel_url.raw_path[:200]}"
        try:
            exchange.headers.update(self._guard.admit(request, self._port))
            return await self._dispatch(exchange)
        except HttpError as error:
            _log.info("%s: %s", line, error)
            status = status_of(error.error, where=line)
            return await exchange.respond_error(status, error.http_status, error.headers)
        except ConnectionError:
            raise
        except Exception as bug:  # noqa: BLE001 - whatever it is, it must not leak
            status = status_of(bug, where=line)
            if exchange.started:
                exchange.abort()
            return await exchange.respond_error(status)

    async def _dispatch(self, exchange: Exchange) -> web.StreamResponse:
        request = exchange.request
        path = request.rel_url.raw_path
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return await exchange.respond(204, headers=preflight(request))
        if path in self._routes:
            _check_verb(request, self._routes[path].verbs)
            return await self._handler.handle(exchange, self._routes[path])
        if path not in ("/", "/healthz"):
            raise self._unknown(path)
        _check_verb(request, _READ_VERBS)
        if path == "/":
            return await exchange.respond(200, _ABOUT.encode(), _TEXT)
        if await self._healthy():
            return await exchange.respond(200, b"SERVING magenta_bridge.v1\n", _TEXT)
        return await exchange.respond(503, b"NOT_SERVING\n", _TEXT)

    def _unknown(self, path: str) -> HttpError:
        service, _, _ = path.rpartition("/")
        names = (route.rpartition("/") for route in self._routes)
        methods = [method for prefix, _, method in names if prefix == service]
        known = f"choose from {', '.join(methods)}" if methods else "see docs/http.md"
        return HttpError(404, UnimplementedError(f"Unknown method {path[:200]}; {known}."))


def _report(
    loop: asyncio.AbstractEventLoop, context: dict[str, Any], failures: AcceptFailures
) -> None:
    """Log an error of the event loop, which retries to accept a connection a hundred times."""
    error = context.get("exception")
    if isinstance(error, OSError) and "accept" in context.get("message", ""):
        failures.report(error)
    else:
        loop.default_exception_handler(context)


def _check_verb(request: web.BaseRequest, verbs: tuple[str, ...]) -> None:
    if request.method not in verbs:
        raise HttpError(
            405,
            UnimplementedError(
                f"{request.rel_url.raw_path} accepts {' and '.join(verbs)}, got "
                f"{request.method[:20]!r}."
            ),
            {"Allow": ", ".join(verbs)},
        )
