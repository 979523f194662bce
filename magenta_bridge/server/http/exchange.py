"""One HTTP request, and the answer to it, each within its bounds of size and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Final, NoReturn

from aiohttp import web

from magenta_bridge.errors import CancelledError, DeadlineError, InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, check_limit
from magenta_bridge.server.http.envelope import HEAD_BYTES, wrap
from magenta_bridge.server.settings import HttpSettings

_PIECE_BYTES: Final = 65_536
_MOST_BYTES: Final = MESSAGE_BYTES.value + HEAD_BYTES
_HEADERS: Final = {
    "Server": "magenta-bridge",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Exchange:
    """A request and its answer.

    Args:
        request: The request.
        settings: The bounds.
    """

    def __init__(self, request: web.BaseRequest, settings: HttpSettings) -> None:
        self.request = request
        self.headers: dict[str, str] = dict(_HEADERS)
        self._settings = settings
        self._response: web.StreamResponse | None = None

    @property
    def begun(self) -> bool:
        """Whether an answer is on its way."""
        return self._response is not None

    def metadata(self) -> dict[str, str]:
        """Returns the headers in ASCII, names in lower case; of those that come twice, the last."""
        headers = self.request.headers.items()
        return {name.lower(): value for name, value in headers if value.isascii()}

    async def read_body(self, deadline: float) -> bytes:
        """Returns the request's body.

        Args:
            deadline: When it must be there, by ``time.monotonic()``.

        Raises:
            LimitExceededError: It is larger than a message may be.
            DeadlineError: It did not arrive in time.
            InvalidArgumentError: It is damaged.
        """
        promised = self.request.content_length or 0
        if promised > _MOST_BYTES:
            check_limit(MESSAGE_BYTES, promised, where="request", field="request")
        if self.request.headers.get("Expect", "").lower() == "100-continue":
            await self.request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.request.writer.output_size = 0
        seconds = min(self._settings.body_seconds, deadline - time.monotonic())
        try:
            return await asyncio.wait_for(self._collect(), seconds)
        except asyncio.TimeoutError:
            raise DeadlineError(
                "The request's body did not arrive in time; send it at once."
            ) from None
        except web.RequestPayloadError:
            raise InvalidArgumentError(
                "The request's body is cut off or its chunks are damaged.", field="request"
            ) from None

    async def _collect(self) -> bytes:
        body = bytearray()
        async for piece in self.request.content.iter_any():
            body += piece
            if len(body) > _MOST_BYTES:
                check_limit(MESSAGE_BYTES, len(body), where="request", field="request")
        return bytes(body)

    async def answer(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Sends the whole answer."""
        response = web.StreamResponse(
            status=status,
            headers={**self.headers, **(headers or {}), "Content-Type": content_type},
        )
        self._response = response
        response.content_length = len(body)
        if not self.request.content.is_eof():
            # What was not read cannot be told from the next request.
            response.force_close()
        await self._in_time(self._send(response, body))
        return response

    async def _send(self, response: web.StreamResponse, body: bytes) -> None:
        await response.prepare(self.request)
        start = 0
        while len(body) - start > _PIECE_BYTES:
            await response.write(body[start : start + _PIECE_BYTES])
            start += _PIECE_BYTES
        # With bytes in hand it waits until they are on their way; with none it would not.
        await response.write_eof(body[start:])

    async def push(self, data: bytes, content_type: str, flags: int = 0) -> None:
        """Sends one message of a stream, and returns when there is room for another.

        Raises:
            CancelledError: Nobody is there to read it.
        """
        try:
            response = await self._opened(content_type)
            await response.write(wrap(data, flags))
        except ConnectionError:
            raise CancelledError("The caller has hung up.") from None

    async def end(self, data: bytes, content_type: str, flags: int) -> web.StreamResponse:
        """Sends the last message of a stream."""
        response = await self._opened(content_type)

        async def finish() -> None:
            await response.write_eof(wrap(data, flags))

        await self._in_time(finish())
        return response

    async def _opened(self, content_type: str) -> web.StreamResponse:
        if self._response is None:
            headers = {**self.headers, "Content-Type": content_type}
            self._response = web.StreamResponse(headers=headers)
            await self._response.prepare(self.request)
        return self._response

    async def _in_time(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.wait_for(sending, self._settings.answer_seconds)
        except asyncio.TimeoutError:
            self.hang_up()

    def hang_up(self) -> NoReturn:
        """Cuts the connection off.

        Raises:
            ConnectionResetError: Always.
        """
        if self.request.transport is not None:
            self.request.transport.abort()
        raise ConnectionResetError("The connection was cut off.")
