"""Stands around every method of ours: decoding, time limit, and errors as statuses."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_status import rpc_status

from magenta_bridge.errors import (
    DeadlineError,
    InvalidArgumentError,
    MagentaBridgeError,
    ServerUnavailableError,
)
from magenta_bridge.limits import MESSAGE_BYTES, REQUEST_SECONDS, check_limit
from magenta_bridge.server.status import status_of

_OUR_METHODS: Final = "/magenta_bridge.v1."

_TOO_LONG: Final = (
    "The request took more than {:g} s and was stopped; ask for less music at once, "
    "or send a deadline of your own."
)

# What a deserializer gives: the request, or why it is none.
_Request: TypeAlias = Message | MagentaBridgeError
# A grpc.aio.ServicerContext; its stubs want type arguments, its class takes none.
_Context: TypeAlias = Any
_Handler: TypeAlias = Any


class BoundaryInterceptor(grpc.aio.ServerInterceptor):
    """Makes sure that a caller sees results or a documented status, and nothing else.

    * Bytes that are no request, or too many of them, answer INVALID_ARGUMENT.
    * A call without a deadline ends after ``seconds``.
    * Any exception becomes a ``google.rpc.Status``; see ``status_of``.

    The standard services (health, reflection) keep their own ways: a health watch has no end.

    Args:
        seconds: Time for a request that brings no deadline.
    """

    def __init__(self, seconds: float = float(REQUEST_SECONDS.value)) -> None:
        self._seconds = seconds
        self._refusing = False
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def refuse(self) -> None:
        """Answers every new call with UNAVAILABLE from now on; those in hand go on."""
        self._refusing = True

    async def wait_idle(self) -> None:
        """Returns when no call of our methods is in hand."""
        await self._idle.wait()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler:
        """Returns the method's handler, wrapped when it is one of ours."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or not method.startswith(_OUR_METHODS):
            return handler
        deserialize = _careful(handler.request_deserializer)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(handler.unary_stream, method),
                request_deserializer=deserialize,
                response_serializer=handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            self._unary(handler.unary_unary, method),
            request_deserializer=deserialize,
            response_serializer=handler.response_serializer,
        )

    def _unary(
        self, behavior: Callable[[Message, _Context], Awaitable[Message]], method: str
    ) -> Callable[[_Request, _Context], Any]:
        async def call(request: _Request, context: _Context) -> Message:
            async with self._boundary(request, context, method) as message:
                return await asyncio.wait_for(behavior(message, context), self._limit(context))
            raise AssertionError("the boundary never swallows an error")

        return call

    def _stream(
        self, behavior: Callable[[Message, _Context], AsyncGenerator[Message, None]], method: str
    ) -> Callable[[_Request, _Context], Any]:
        async def send(message: Message, context: _Context) -> None:
            async with contextlib.aclosing(behavior(message, context)) as pieces:
                async for piece in pieces:
                    await context.write(piece)

        async def call(request: _Request, context: _Context) -> None:
            async with self._boundary(request, context, method) as message:
                await asyncio.wait_for(send(message, context), self._limit(context))

        return call

    def _limit(self, context: _Context) -> float | None:
        """Returns the time to hold a call to, or None where gRPC holds the caller's own."""
        return self._seconds if context.time_remaining() is None else None

    @contextlib.asynccontextmanager
    async def _boundary(
        self, request: _Request, context: _Context, method: str
    ) -> AsyncIterator[Message]:
        self._calls += 1
        self._idle.clear()
        try:
            if isinstance(request, MagentaBridgeError):
                raise request
            if self._refusing:
                raise ServerUnavailableError("The server is shutting down; try again later.")
            yield request
        except asyncio.TimeoutError:
            await _abort(context, DeadlineError(_TOO_LONG.format(self._seconds)), method)
        except Exception as error:  # noqa: BLE001 - the boundary: nothing may leak past it
            await _abort(context, error, f"{method} {getattr(request, 'request_id', '')!r}")
        finally:
            self._calls -= 1
            if not self._calls:
                self._idle.set()


async def _abort(context: _Context, error: Exception, where: str) -> None:
    status = rpc_status.to_status(status_of(error, where=where))
    await context.abort(status.code, status.details, status.trailing_metadata)


def _careful(deserialize: Callable[[bytes], Message]) -> Callable[[bytes], _Request]:
    """Returns a deserializer that hands on the error it would raise.

    gRPC answers an exception of the deserializer itself, as UNKNOWN with the text of it.
    """

    def decode(data: bytes) -> _Request:
        try:
            check_limit(MESSAGE_BYTES, len(data), where="request", field="request")
            return deserialize(data)
        except MagentaBridgeError as error:
            return error
        except DecodeError:
            return InvalidArgumentError(
                "The request is damaged or of another type than this method takes.",
                field="request",
            )

    return decode
