"""Call methods over HTTP, inside the boundary that every call passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from aiohttp import web
from google.protobuf.message import Message

from magenta_bridge.errors import MagentaBridgeError, ServerUnavailableError
from magenta_bridge.server.http.codec import Codec
from magenta_bridge.server.http.exchange import Exchange
from magenta_bridge.server.http.request import Route, read_data, read_encoding, read_timeout
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import REQUEST_ID_HEADER, Call
from magenta_bridge.server.rpc.decoding import memory_of

T = TypeVar("T")


class CallHandler:
    """Handles the calls that arrive over HTTP.

    Threading: one event loop uses it.

    Args:
        boundary: What every call passes.
    """

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self._codec = Codec()
        self._in_flight: set[asyncio.Future[Any]] = set()
        self._cut_off = False

    async def handle(self, exchange: Exchange, route: Route) -> web.StreamResponse:
        """Handle one call.

        Raises:
            HttpError: The method does not accept the request's content type.
        """
        encoding = read_encoding(exchange.request, route)
        if route.streaming:
            return await self._stream(exchange, route, encoding)
        return await self._unary(exchange, route, encoding)

    async def _unary(self, exchange: Exchange, route: Route, encoding: str) -> web.StreamResponse:
        try:
            async with self._enter(exchange, route, encoding) as (message, call):
                response = await self._run(route.behavior(message, call), call.time_remaining())
                body = await self._codec.encode(encoding, response)
        except CallError as error:
            return await exchange.respond_error(error.status)
        return await exchange.respond(200, body, route.content_type(encoding))

    async def _stream(self, exchange: Exchange, route: Route, encoding: str) -> web.StreamResponse:
        content_type = route.content_type(encoding)

        async def send(message: Message, call: Call) -> None:
            async with contextlib.aclosing(route.behavior(message, call)) as responses:
                async for response in responses:
                    data = await self._codec.encode(encoding, response)
                    await exchange.send_message(data, content_type)

        try:
            async with self._enter(exchange, route, encoding) as (message, call):
                await self._run(send(message, call), call.time_remaining())
        except CallError as error:
            return await exchange.end_stream(content_type, error.status)
        return await exchange.end_stream(content_type)

    @contextlib.asynccontextmanager
    async def _enter(
        self, exchange: Exchange, route: Route, encoding: str
    ) -> AsyncIterator[tuple[Message, Call]]:
        deadline = self._boundary.deadline(None)
        request: Message | MagentaBridgeError
        try:
            deadline = self._boundary.deadline(read_timeout(exchange.request))
            data = await read_data(exchange, route, deadline)
            request = await self._codec.decode(encoding, data, route.request_class)
        except MagentaBridgeError as error:
            request = error
        headers = exchange.request.headers.items()
        call = Call(
            method=route.method,
            deadline=deadline,
            caller=exchange.request.remote or "",
            request_id=str(getattr(request, "request_id", "")),
            generator_id=str(getattr(request, "generator_id", "")),
            memory=memory_of(request) if isinstance(request, Message) else 0,
            # Of headers that appear twice, the last.
            metadata={name.lower(): value for name, value in headers if value.isascii()},
        )
        exchange.headers[REQUEST_ID_HEADER] = call.name_in_header
        async with self._boundary.enter(call) as admitted:
            if isinstance(request, MagentaBridgeError):
                raise request
            yield request, admitted

    async def _run(self, work: Awaitable[T], seconds: float) -> T:
        task = asyncio.ensure_future(work)
        self._in_flight.add(task)
        try:
            return await asyncio.wait_for(task, seconds)
        except asyncio.CancelledError:
            if not self._cut_off:
                raise
            raise ServerUnavailableError(
                "The server shut down before the request finished; try again later."
            ) from None
        finally:
            self._in_flight.discard(task)

    def cut_off(self) -> None:
        """Cancel all calls in flight; their clients get UNAVAILABLE."""
        self._cut_off = True
        for task in self._in_flight:
            task.cancel()

    def close(self) -> None:
        """Release the thread; no call is in flight."""
        self._codec.close()
