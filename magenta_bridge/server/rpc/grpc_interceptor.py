"""gRPC: the options of its connections, and an interceptor that runs calls in the boundary."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
)
from typing import Any, Final, TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from grpc_status import rpc_status

from magenta_bridge.errors import CancelledError, MagentaBridgeError, ServerUnavailableError
from magenta_bridge.limits import CALLERS_WATCHES, HEALTH_WATCHES, MESSAGE_BYTES, STREAMS
from magenta_bridge.server.rpc.boundary import Boundary, CallError
from magenta_bridge.server.rpc.call import REQUEST_ID_HEADER, Call
from magenta_bridge.server.rpc.decoding import decoder, memory_of

OUR_METHODS: Final = "/magenta_bridge.v1."
_HEALTH: Final = "/grpc.health.v1."

# Minimum interval between a client's keepalive pings. Our client sends one every ten seconds, or
# every second if it is set to detect a hung server quickly.
_LOCAL_PING_MS: Final = 900
_REMOTE_PING_MS: Final = 5_000

_OPTIONS: Final = [
    ("grpc.max_concurrent_streams", STREAMS.value),
    # It refuses streams of a client that keeps to the limit, because streams that the client has
    # closed are still open here: of 2,000 calls at once, 243 succeeded, and 2,000 without it.
    ("grpc.http.overload_protection", 0),
    # A second server on the port must fail, instead of receiving every other request.
    ("grpc.so_reuseport", 0),
    # Twice the accepted size, so that a request that is too large gets our own error.
    ("grpc.max_receive_message_length", 2 * MESSAGE_BYTES.value),
    ("grpc.max_send_message_length", MESSAGE_BYTES.value),
    # Detect a hung or disconnected client within half a minute, and cancel its calls.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Pings may be sent however much data is pending.
    ("grpc.http2.max_pings_without_data", 0),
]


# What the deserializer returns: the request, or the error of a request that cannot be decoded.
_Request: TypeAlias = Message | MagentaBridgeError
# A grpc.aio.ServicerContext; its stubs need type arguments, its class takes none.
_Context: TypeAlias = Any
_Handler: TypeAlias = Any


def transport_options(*, loopback: bool) -> list[tuple[str, int]]:
    """Return the options of a server, on loopback or open to other computers."""
    ping_ms = _LOCAL_PING_MS if loopback else _REMOTE_PING_MS
    return [*_OPTIONS, ("grpc.http2.min_ping_interval_without_data_ms", ping_ms)]


class BoundaryInterceptor(grpc.aio.ServerInterceptor):
    """Passes every call of our services through a boundary.

    The standard services (health, reflection) bypass it, because a health watch never ends. Of the
    health, callers without access see the server's own, but not the names of its generators.

    Args:
        boundary: The boundary.
        has_access: Returns whether the headers of a call identify a caller.
        open_health: Services whose health every caller may see.
    """

    def __init__(
        self,
        boundary: Boundary,
        has_access: Callable[[Mapping[str, str]], bool],
        open_health: Collection[str],
    ) -> None:
        self._boundary = boundary
        self._has_access = has_access
        self._open_health = frozenset(open_health)
        self._watches: Counter[str] = Counter()
        self._wrapped: dict[str, _Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[_Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> _Handler:
        """Return the method's handler, wrapped if the method is one of ours."""
        method = str(handler_call_details.method)
        is_ours = method.startswith(OUR_METHODS)
        if is_ours and not self._has_access(_text(handler_call_details.invocation_metadata)):
            return self._refuse(method)
        if method in self._wrapped:
            return self._wrapped[method]
        handler = await continuation(handler_call_details)
        if handler is None or not (is_ours or method.startswith(_HEALTH)):
            return handler
        self._wrapped[method] = self._handle(method, handler) if is_ours else self._guard(handler)
        return self._wrapped[method]

    def _refuse(self, method: str) -> _Handler:
        """Return a handler that rejects a call before its request, which may never arrive."""

        async def refuse(_: object, context: _Context) -> None:
            try:
                async with self._enter(Empty(), context, method):
                    raise ServerUnavailableError("The server's tokens have changed; try again.")
            except CallError as error:
                await _abort(context, error)

        return grpc.stream_unary_rpc_method_handler(refuse)

    def _handle(self, method: str, handler: _Handler) -> _Handler:
        coders = {
            "request_deserializer": decoder(handler.request_deserializer),
            "response_serializer": handler.response_serializer,
        }
        if not handler.response_streaming:
            return grpc.unary_unary_rpc_method_handler(
                self._wrap(method, lambda request, call, _: handler.unary_unary(request, call)),
                **coders,
            )

        async def send(request: Message, call: Call, context: _Context) -> None:
            async with contextlib.aclosing(handler.unary_stream(request, call)) as responses:
                async for response in responses:
                    await _write(context, response)

        return grpc.unary_stream_rpc_method_handler(self._wrap(method, send), **coders)

    def _wrap(
        self, method: str, work: Callable[[Message, Call, _Context], Awaitable[Message | None]]
    ) -> Callable[[_Request, _Context], Awaitable[Message | None]]:
        """Return a handler that runs ``work`` inside the boundary and within its deadline."""

        async def handle(request: _Request, context: _Context) -> Message | None:
            response = None
            try:
                async with self._enter(request, context, method) as (message, call):
                    response = await asyncio.wait_for(
                        work(message, call, context), call.time_remaining()
                    )
            except CallError as error:
                await _abort(context, error)
            return response

        return handle

    @contextlib.asynccontextmanager
    async def _enter(
        self, request: _Request, context: _Context, method: str
    ) -> AsyncGenerator[tuple[Message, Call], None]:
        call = self._call(request, context, method)
        context.set_trailing_metadata(((REQUEST_ID_HEADER, call.name_in_header),))
        async with self._boundary.enter(call) as admitted:
            if isinstance(request, MagentaBridgeError):
                raise request
            yield request, admitted

    def _call(self, request: _Request, context: _Context, method: str) -> Call:
        return Call(
            method=method,
            deadline=self._boundary.deadline(context.time_remaining()),
            caller=_caller(context),
            request_id=str(getattr(request, "request_id", "")),
            generator_id=str(getattr(request, "generator_id", "")),
            memory=memory_of(request) if isinstance(request, Message) else 0,
            metadata=_text(context.invocation_metadata()),
            connection=context.peer(),
        )

    def _guard(self, handler: _Handler) -> _Handler:
        """Return a handler of the health service with our limits and errors."""
        coders = {
            "request_deserializer": decoder(handler.request_deserializer),
            "response_serializer": handler.response_serializer,
        }

        async def check(request: _Request, context: _Context) -> Message | None:
            await self._check_health(request, context)
            response: Message | None = await handler.unary_unary(request, context)
            return response

        async def watch(request: _Request, context: _Context) -> None:
            account = (await self._check_health(request, context)).account
            mine, all_watches = self._watches[account], self._watches.total()
            if mine >= CALLERS_WATCHES.value or all_watches >= HEALTH_WATCHES.value:
                text = f"There are {all_watches} health watches, {mine} of them yours; use Check."
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
            self._watches[account] += 1
            try:
                await handler.unary_stream(request, context)
            finally:
                self._watches[account] -= 1
                self._watches += Counter()  # removes those at 0

        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(watch, **coders)
        return grpc.unary_unary_rpc_method_handler(check, **coders)

    async def _check_health(self, request: _Request, context: _Context) -> Call:
        """Return the call, or abort one that is damaged or asks for more than it may see."""
        call = self._call(request, context, _HEALTH)
        try:
            if isinstance(request, MagentaBridgeError):
                raise request
            if getattr(request, "service", "") not in self._open_health:
                call = self._boundary.admit(call)
        except MagentaBridgeError as error:
            await context.abort(grpc.StatusCode[error.code], error.message)
        return call


def _text(metadata: Iterable[tuple[str, str | bytes]] | None) -> dict[str, str]:
    """Return the text headers; the last value of those that are repeated."""
    return {key: value for key, value in metadata or () if isinstance(value, str)}


def _caller(context: _Context) -> str:
    """Return the common name of the peer's certificate, or its address without a certificate."""
    names = context.auth_context().get("x509_common_name")
    return names[0].decode("utf-8", "replace") if names else _host(context.peer())


def _host(peer: str) -> str:
    """Return the address of ``ipv4:127.0.0.1:5000`` or ``ipv6:%5B::1%5D:5000``."""
    address = urllib.parse.unquote(peer).partition(":")[2]
    return address.rpartition(":")[0].strip("[]") or peer


async def _write(context: _Context, response: Message) -> None:
    try:
        await context.write(response)
    except grpc.aio.BaseError as error:
        # gRPC has no more specific class; it is also raised when the server stops.
        raise CancelledError("The caller has disconnected.") from error


async def _abort(context: _Context, error: CallError) -> None:
    status = rpc_status.to_status(error.status)
    headers = (*context.trailing_metadata(), *status.trailing_metadata)
    try:
        await context.abort(status.code, status.details, headers)
    except grpc.aio.AbortError:
        raise
    except grpc.aio.BaseError:
        # The caller has disconnected.
        return
