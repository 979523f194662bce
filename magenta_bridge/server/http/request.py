"""From an HTTP request to the message that it carries, or to what is wrong with it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from magenta_bridge.errors import (
    InvalidArgumentError,
    MagentaBridgeError,
    UnimplementedError,
)
from magenta_bridge.server.http.codec import CODECS, Codec, Translator
from magenta_bridge.server.http.envelope import unwrap_only
from magenta_bridge.server.http.errors import Fault
from magenta_bridge.server.http.exchange import Exchange
from magenta_bridge.server.http.routes import Route

_UNARY: Final = "application/"
_STREAM: Final = "application/connect+"
_TIMEOUT_DIGITS: Final = 10


@dataclass(frozen=True)
class Form:
    """How a request is written, and its answer will be.

    Attributes:
        codec: Form of the messages.
        content_type: Content type of both.
    """

    codec: Codec
    content_type: str


def read_form(exchange: Exchange, route: Route) -> Form:
    """Returns how a request is written.

    Raises:
        Fault: It is in no form that its method takes.
    """
    request = exchange.request
    prefix = _STREAM if route.streaming else _UNARY
    known = {f"{prefix}{name}": codec for name, codec in CODECS.items()}
    if request.method == "GET":
        wanted = f"{prefix}{request.rel_url.query.get('encoding', '')}"
    else:
        wanted = request.content_type
    if wanted not in known or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Fault(
            415,
            UnimplementedError(
                f"{route.method} takes {' and '.join(known)}, in UTF-8, and the request is of "
                f"another type: {wanted[:100]!r}."
            ),
            {"Accept-Post": ", ".join(known)},
        )
    return Form(known[wanted], wanted)


def read_timeout(exchange: Exchange) -> float | None:
    """Returns how many seconds the caller allows; None if it does not say.

    Raises:
        InvalidArgumentError: It says so in another way than the protocol's.
    """
    text = exchange.request.headers.get("Connect-Timeout-Ms")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _TIMEOUT_DIGITS:
        raise InvalidArgumentError(
            f"Connect-Timeout-Ms must be a number of milliseconds of at most {_TIMEOUT_DIGITS} "
            f"digits, got {text[:100]!r}.",
            field="connect-timeout-ms",
        )
    return int(text) / 1_000


class Reader:
    """Reads requests.

    Args:
        translator: Makes the messages.
    """

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    async def read(
        self, exchange: Exchange, route: Route, form: Form, deadline: float
    ) -> Message | MagentaBridgeError:
        """Returns the request's message, or what is wrong with the request.

        Args:
            exchange: The request.
            route: What is asked for.
            form: How it is written.
            deadline: When it must have been read, by ``time.monotonic()``.
        """
        try:
            _check_version(exchange)
            _check_encoding(exchange, route)
            if exchange.request.method == "GET":
                data = _read_query(exchange)
            else:
                data = await exchange.read_body(deadline)
            if route.streaming:
                data = unwrap_only(data)
            return await self._translator.read(form.codec, data, route.request)
        except MagentaBridgeError as error:
            return error


def _check_version(exchange: Exchange) -> None:
    request = exchange.request
    version = request.headers.get("Connect-Protocol-Version", "1")
    if request.method == "GET":
        version = request.rel_url.query.get("connect", "v1").removeprefix("v")
    if version != "1":
        raise InvalidArgumentError(
            f"This server speaks version 1 of the Connect protocol, not {version[:20]!r}.",
            field="connect-protocol-version",
        )


def _check_encoding(exchange: Exchange, route: Route) -> None:
    request = exchange.request
    name = "Connect-Content-Encoding" if route.streaming else "Content-Encoding"
    encodings = request.headers.getall(name, [])
    if request.method == "GET":
        encodings = request.rel_url.query.getall("compression", [])
    if any(encoding.lower() != "identity" for encoding in encodings):
        raise UnimplementedError(
            "Requests must not be compressed: identity is the only encoding that is supported."
        )


def _read_query(exchange: Exchange) -> bytes:
    query = exchange.request.rel_url.query
    text = query.get("message")
    if text is None:
        raise InvalidArgumentError(
            "A GET request needs ?message=..., such as message=%7B%7D for {}.", field="message"
        )
    if query.get("base64") != "1":
        return text.encode("utf-8", "surrogateescape")
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        raise InvalidArgumentError(
            "The request's message is no URL-safe base64.", field="message"
        ) from None
