"""Read an HTTP request: the method that it calls and the message that it carries."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aiohttp import web
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from magenta_bridge.errors import InvalidArgumentError, UnimplementedError
from magenta_bridge.server.http.codec import ENCODINGS
from magenta_bridge.server.http.errors import HttpError
from magenta_bridge.server.http.exchange import FRAME_HEADER, Exchange
from magenta_bridge.server.rpc.call import Call

# A service and the object whose methods, named after its rpcs, take (request, Call).
Service: TypeAlias = tuple[ServiceDescriptor, object]

_TIMEOUT_DIGITS: Final = 10
_COMPRESSED_FLAG: Final = 1


@dataclass(frozen=True)
class Route:
    """A method that can be called over HTTP.

    Attributes:
        method: Full name and path, ``/magenta_bridge.v1.GenerationService/Generate``.
        request_class: Class of its request.
        streaming: Whether it responds with a stream.
        verbs: HTTP methods that it accepts: GET only if it has no side effects.
        behavior: A coroutine function or, if streaming, an asynchronous generator function.
    """

    method: str
    request_class: type[Message]
    streaming: bool
    verbs: tuple[str, ...]
    behavior: Callable[[Message, Call], Any]

    def content_type(self, encoding: str) -> str:
        """Return the content type of requests and responses, ``json`` or ``proto``."""
        return f"application/{'connect+' if self.streaming else ''}{encoding}"


def gather_routes(services: Iterable[Service]) -> dict[str, Route]:
    """Return the routes to all methods, by path.

    Methods with a stream of requests are left out: HTTP/1.1 cannot stream both ways at once.
    """
    routes = {}
    for service, servicer in services:
        for method in service.methods:
            if method.client_streaming:
                continue
            path = f"/{service.full_name}/{method.name}"
            safe = method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
            routes[path] = Route(
                method=path,
                request_class=GetMessageClass(method.input_type),
                streaming=method.server_streaming,
                verbs=("GET", "POST") if safe and not method.server_streaming else ("POST",),
                behavior=getattr(servicer, method.name),
            )
    return routes


def read_encoding(request: web.BaseRequest, route: Route) -> str:
    """Return the encoding of the request and its response, ``json`` or ``proto``.

    Raises:
        HttpError: The method does not accept the content type.
    """
    accepted = {route.content_type(encoding): encoding for encoding in ENCODINGS}
    if request.method == "GET":
        content_type = route.content_type(request.rel_url.query.get("encoding", ""))
    else:
        content_type = request.content_type
    charset = (request.charset or "utf-8").lower()
    if content_type not in accepted or charset not in ("utf-8", "utf8"):
        raise HttpError(
            415,
            UnimplementedError(
                f"{route.method} accepts {' and '.join(accepted)} in UTF-8, got "
                f"{content_type[:100]!r} in {charset[:20]!r}."
            ),
            {"Accept-Post": ", ".join(accepted)},
        )
    return accepted[content_type]


def read_timeout(request: web.BaseRequest) -> float | None:
    """Return the caller's timeout in seconds, or None if it sets none.

    Raises:
        InvalidArgumentError: The header is malformed.
    """
    text = request.headers.get("Connect-Timeout-Ms")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _TIMEOUT_DIGITS:
        raise InvalidArgumentError(
            f"Connect-Timeout-Ms must be a number of milliseconds of at most {_TIMEOUT_DIGITS} "
            f"digits, got {text[:100]!r}.",
            field="connect-timeout-ms",
        )
    return int(text) / 1_000


async def read_data(exchange: Exchange, route: Route, deadline: float) -> bytes:
    """Return the request's encoded message.

    Args:
        exchange: The request.
        route: The method that it calls.
        deadline: When it must have arrived, by ``time.monotonic()``.

    Raises:
        MagentaBridgeError: The request breaks the protocol, or arrives too slowly.
    """
    request = exchange.request
    if request.method == "GET":
        query = request.rel_url.query
        _check_protocol(query.get("connect", "v1").removeprefix("v"))
        _check_compression(query.getall("compression", []))
        return _read_query(query.get("message"), is_base64=query.get("base64") == "1")
    _check_protocol(request.headers.get("Connect-Protocol-Version", "1"))
    header = "Connect-Content-Encoding" if route.streaming else "Content-Encoding"
    _check_compression(request.headers.getall(header, []))
    body = await exchange.read_body(deadline)
    return _unwrap(body) if route.streaming else body


def _check_protocol(version: str) -> None:
    if version != "1":
        raise InvalidArgumentError(
            f"This server supports version 1 of the Connect protocol, got {version[:20]!r}.",
            field="connect-protocol-version",
        )


def _check_compression(encodings: Iterable[str]) -> None:
    if any(encoding.lower() != "identity" for encoding in encodings):
        raise UnimplementedError(
            "Compressed requests are not supported; send the request with the encoding identity."
        )


def _read_query(text: str | None, *, is_base64: bool) -> bytes:
    if text is None:
        raise InvalidArgumentError(
            "A GET request needs ?message=..., such as message=%7B%7D for {}.", field="message"
        )
    if not is_base64:
        return text.encode("utf-8", "surrogateescape")
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        raise InvalidArgumentError(
            "The request's message is not valid URL-safe base64.", field="message"
        ) from None


def _unwrap(body: bytes) -> bytes:
    """Return the only message in the body of a request to a streaming method."""
    problem = ""
    size = len(body) - FRAME_HEADER.size
    if size < 0:
        problem = f"has {len(body)} bytes, fewer than the {FRAME_HEADER.size} of a frame header"
    else:
        flags, length = FRAME_HEADER.unpack_from(body)
        if flags & _COMPRESSED_FLAG:
            problem = "has a compressed message but names no compression"
        elif flags:
            problem = f"starts with the flags {flags}, which must be 0"
        elif length > size:
            problem = f"announces {length} bytes but has {size}"
        elif length < size:
            problem = "has more than one message"
    if problem:
        raise InvalidArgumentError(
            f"The request's body {problem}; send one message in a frame of the Connect protocol.",
            field="request",
        )
    return body[FRAME_HEADER.size :]
