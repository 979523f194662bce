"""Connections: how many there may be, and how long one may stay when it does nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from magenta_bridge.errors import InvalidArgumentError, OverloadedError
from magenta_bridge.limits import HTTP_LINE_BYTES
from magenta_bridge.server.http.errors import error_body, http_status
from magenta_bridge.server.rpc.status import status_of
from magenta_bridge.server.settings import HttpSettings

# For a client that is still sending when it is answered: else it might not see the answer.
_LINGER_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """One connection; it answers what is no HTTP in our own words."""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - the interface
        status: int = 500,  # noqa: ARG002
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Returns the answer to a request that could not be read.

        Raises:
            ConnectionError: Nobody is there to read it.
        """
        if isinstance(exc, ConnectionError):
            raise exc
        _log.debug("A request that is no HTTP", exc_info=exc)
        error = InvalidArgumentError(
            "This is no HTTP request, or its head is too large; this port speaks HTTP/1.1.",
            field="request",
        )
        body = error_body(status_of(error, where="HTTP"))
        response = web.Response(status=400, body=body, content_type="application/json")
        response.force_close()
        return response


class Connections(web.Server):
    """All connections of a port.

    Threading: one event loop uses it.

    Args:
        handler: Answers a request.
        settings: The bounds.
    """

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        settings: HttpSettings,
    ) -> None:
        super().__init__(handler, handler_cancellation=True)
        self._settings = settings
        self._options: dict[str, Any] = {
            "keepalive_timeout": settings.head_seconds,
            "lingering_time": _LINGER_SECONDS,
            # Nothing that is sent may grow on arrival.
            "auto_decompress": False,
            "access_log": None,
            "max_line_size": HTTP_LINE_BYTES.value,
            "max_field_size": HTTP_LINE_BYTES.value,
        }
        self._open: dict[web.RequestHandler, asyncio.Transport] = {}

    def __call__(self) -> web.RequestHandler:
        """Returns what will handle a new connection."""
        return Connection(self, loop=asyncio.get_running_loop(), **self._options)

    def __len__(self) -> int:
        """Returns how many connections are open."""
        return len(self._open)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Takes a connection in, or turns it away when there are too many."""
        super().connection_made(handler, transport)
        self._open[handler] = transport
        if len(self._open) > self._settings.connections:
            transport.write(_turned_away(self._settings.connections))
            transport.close()

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forgets a connection."""
        self._open.pop(handler, None)
        super().connection_lost(handler, exc)

    async def sweep(self) -> None:
        """Cuts off, again and again, who has been told goodbye and does not read it."""
        leaving: set[asyncio.Transport] = set()
        while True:
            await asyncio.sleep(self._settings.answer_seconds)
            closing = {pipe for pipe in self._open.values() if pipe.is_closing()}
            for pipe in closing & leaving:
                pipe.abort()
            leaving = closing


def _turned_away(most: int) -> bytes:
    error = OverloadedError(
        f"The server has {most} HTTP connections open and takes no more; close those that you "
        "do not need.",
        metadata={"limit": "HTTP connections", "maximum": str(most)},
    )
    status = status_of(error, where="HTTP")
    body = error_body(status)
    head = (
        f"HTTP/1.1 {http_status(status)} Too Many Requests\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
