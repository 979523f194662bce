"""Calls methods over HTTP, within the boundary that every call passes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from google.protobuf.message import Message

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.server.http.codec import Translator
from magenta_bridge.server.http.envelope import END
from magenta_bridge.server.http.errors import end_body, error_body, http_status
from magenta_bridge.server.http.exchange import Exchange
from magenta_bridge.server.http.inflight import WorkInHand
from magenta_bridge.server.http.request import Form, Reader, read_form, read_timeout
from magenta_bridge.server.http.routes import Route
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import REQUEST_ID_HEADER, Call


class Answerer:
    """Answers the calls that come over HTTP.

    Threading: one event loop uses it.

    Args:
        boundary: What every call passes.
    """

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self._translator = Translator()
        self._reader = Reader(self._translator)
        self._hand = WorkInHand()

    async def answer(self, exchange: Exchange, route: Route) -> web.StreamResponse:
        """Answers one call.

        Raises:
            Fault: The request is in no form that its method takes.
        """
        form = read_form(exchange, route)
        if route.streaming:
            return await self._stream(exchange, route, form)
        return await self._unary(exchange, route, form)

    async def _unary(self, exchange: Exchange, route: Route, form: Form) -> web.StreamResponse:
        try:
            async with self._enter(exchange, route, form) as (message, call):
                reply = await self._hand.run(route.answer(message, call), call.time_remaining())
                body = await self._translator.write(form.codec, reply)
        except CallError as refused:
            status = refused.status
            return await exchange.answer(http_status(status), error_body(status))
        return await exchange.answer(200, body, form.content_type)

    async def _stream(self, exchange: Exchange, route: Route, form: Form) -> web.StreamResponse:
        async def send(message: Message, call: Call) -> None:
            async with contextlib.aclosing(route.stream(message, call)) as pieces:
                async for piece in pieces:
                    data = await self._translator.write(form.codec, piece)
                    await exchange.push(data, form.content_type)

        try:
            async with self._enter(exchange, route, form) as (message, call):
                await self._hand.run(send(message, call), call.time_remaining())
        except CallError as refused:
            return await exchange.end(end_body(refused.status), form.content_type, END)
        return await exchange.end(end_body(), form.content_type, END)

    @contextlib.asynccontextmanager
    async def _enter(
        self, exchange: Exchange, route: Route, form: Form
    ) -> AsyncIterator[tuple[Message, Call]]:
        asked: Message | MagentaBridgeError
        try:
            deadline = self._boundary.deadline(read_timeout(exchange))
            asked = await self._reader.read(exchange, route, form, deadline)
        except MagentaBridgeError as error:
            deadline, asked = self._boundary.deadline(None), error
        call = Call(
            method=route.method,
            deadline=deadline,
            caller=exchange.request.remote or "",
            request_id=str(getattr(asked, "request_id", "")),
            generator_id=str(getattr(asked, "generator_id", "")),
            metadata=exchange.metadata(),
        )
        exchange.headers[REQUEST_ID_HEADER] = call.name_in_header
        async with self._boundary.enter(call) as known:
            if isinstance(asked, MagentaBridgeError):
                raise asked
            yield asked, known

    def cut_off(self) -> None:
        """Ends the work of all calls in hand; their callers are told so."""
        self._hand.cut_off()

    def close(self) -> None:
        """Frees what it holds; no call is in hand any more."""
        self._translator.close()
