"""Limit the number of connections and how long an idle one stays open."""

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

# A client that is still sending when it gets a response might otherwise miss it.
_LINGER_SECONDS: Final = 1.0
_log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """A connection that responds to malformed HTTP with an error of ours."""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - the interface
        status: int = 500,  # noqa: ARG002
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Return the response to a request that cannot be read.

        Raises:
            ConnectionError: The client is gone.
        """
        if isinstance(exc, ConnectionError):
            raise exc
        _log.debug("Malformed HTTP request", exc_info=exc)
        error = InvalidArgumentError(
            "The request is not valid HTTP/1.1, or its headers are too large.", field="request"
        )
        body = error_body(status_of(error, where="HTTP"))
        response = web.Response(status=400, body=body, content_type="application/json")
        response.force_close()
        return response


class Connections(web.Server):
    """All connections to a port.

    Threading: one event loop uses it.

    Args:
        handler: Handles a request.
        settings: The limits.
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
            # A compressed body could expand beyond the limits.
            "auto_decompress": False,
            "access_log": None,
            "max_line_size": HTTP_LINE_BYTES.value,
            "max_field_size": HTTP_LINE_BYTES.value,
        }
        self._open: dict[web.RequestHandler, asyncio.Transport] = {}

    def __call__(self) -> web.RequestHandler:
        """Return the handler of a new connection."""
        return Connection(self, loop=asyncio.get_running_loop(), **self._options)

    def __len__(self) -> int:
        """Return the number of open connections."""
        return len(self._open)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Accept a connection, or close it with an error if there are too many."""
        super().connection_made(handler, transport)
        self._open[handler] = transport
        if len(self._open) > self._settings.connections:
            transport.write(_too_many(self._settings.connections))
            transport.close()

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Remove a connection."""
        self._open.pop(handler, None)
        super().connection_lost(handler, exc)

    async def abort_unread(self) -> None:
        """Periodically abort closing connections whose clients do not read the last bytes."""
        closing: set[asyncio.Transport] = set()
        while True:
            await asyncio.sleep(self._settings.answer_seconds)
            closing_before = closing
            closing = {transport for transport in self._open.values() if transport.is_closing()}
            for transport in closing & closing_before:
                transport.abort()


def _too_many(maximum: int) -> bytes:
    error = OverloadedError(
        f"The server has reached its limit of {maximum} HTTP connections; close those that you "
        "do not need.",
        metadata={"limit": "HTTP connections", "maximum": str(maximum)},
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
