"""Puts the boundary around every method of ours that comes over gRPC."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf.message import Message
from grpc_status import rpc_status

from magenta_bridge.errors import CancelledError, MagentaBridgeError
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import REQUEST_ID_HEADER, Call
from magenta_bridge.server.rpc.decoding import decoder

OUR_METHODS: Final = "/magenta_bridge.v1."


# What a deserializer gives: the request, or why it is none.
_Request: TypeAlias = Message | MagentaBridgeError
# A grpc.aio.ServicerContext; its stubs want type arguments, its class takes none.
_Context: TypeAlias = Any
_Handler: TypeAlias = Any


class BoundaryInterceptor(grpc.aio.ServerInterceptor):
    """Hands every call of our methods to a boundary.

    The standard services (health, reflection) keep their own ways: a health watch has no end.

    Args:
        boundary: What every call passes.
    """

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler:
        """Returns the method's handler, wrapped when it is one of ours."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or not method.startswith(OUR_METHODS):
            return handler
        deserialize = decoder(handler.request_deserializer)
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
        self, behavior: Callable[[Message, Call], Awaitable[Message]], method: str
    ) -> Callable[[_Request, _Context], Any]:
        async def call(request: _Request, context: _Context) -> Message | None:
            answer = None
            try:
                async with self._enter(request, context, method) as (message, known):
                    answer = await asyncio.wait_for(
                        behavior(message, known), known.time_remaining()
                    )
            except CallError as refused:
                await _abort(context, refused)
            return answer

        return call

    def _stream(
        self, behavior: Callable[[Message, Call], AsyncGenerator[Message, None]], method: str
    ) -> Callable[[_Request, _Context], Any]:
        async def send(message: Message, known: Call, context: _Context) -> None:
            async with contextlib.aclosing(behavior(message, known)) as pieces:
                async for piece in pieces:
                    await _write(context, piece)

        async def call(request: _Request, context: _Context) -> None:
            try:
                async with self._enter(request, context, method) as (message, known):
                    await asyncio.wait_for(send(message, known, context), known.time_remaining())
            except CallError as refused:
                await _abort(context, refused)

        return call

    @contextlib.asynccontextmanager
    async def _enter(
        self, request: _Request, context: _Context, method: str
    ) -> AsyncGenerator[tuple[Message, Call], None]:
        call = Call(
            method=method,
            deadline=self._boundary.deadline(context.time_remaining()),
            caller=_caller(context),
            request_id=str(getattr(request, "request_id", "")),
            generator_id=str(getattr(request, "generator_id", "")),
            metadata=_metadata(context),
            connection=context.peer(),
        )
        context.set_trailing_metadata(((REQUEST_ID_HEADER, call.name_in_header),))
        async with self._boundary.enter(call) as known:
            if isinstance(request, MagentaBridgeError):
                raise request
            yield request, known


def _metadata(context: _Context) -> dict[str, str]:
    """Returns the headers that are text; of those that come twice, the last."""
    return {
        key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)
    }


def _caller(context: _Context) -> str:
    """Returns the common name of the peer's certificate or, when it has none, its address."""
    names = context.auth_context().get("x509_common_name")
    return names[0].decode("utf-8", "replace") if names else _host(context.peer())


def _host(peer: str) -> str:
    """Returns the address of ``ipv4:127.0.0.1:5000`` or ``ipv6:%5B::1%5D:5000`` alone."""
    address = urllib.parse.unquote(peer).partition(":")[2]
    return address.rpartition(":")[0].strip("[]") or peer


async def _write(context: _Context, piece: Message) -> None:
    try:
        await context.write(piece)
    except grpc.aio.BaseError as error:
        # Or the server was stopped. It has no class that says no more than that.
        raise CancelledError("The caller is gone.") from error


async def _abort(context: _Context, refused: CallError) -> None:
    status = rpc_status.to_status(refused.status)
    headers = (*context.trailing_metadata(), *status.trailing_metadata)
    try:
        await context.abort(status.code, status.details, headers)
    except grpc.aio.AbortError:
        raise
    except grpc.aio.BaseError:
        # Nobody is there to be told.
        return
