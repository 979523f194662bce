"""One HTTP request and its response, within the limits of size and time."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Final, NoReturn

from aiohttp import web
from google.rpc import status_pb2

from magenta_bridge.errors import CancelledError, DeadlineError, InvalidArgumentError
from magenta_bridge.limits import MESSAGE_BYTES, check_limit
from magenta_bridge.server.http.errors import end_body, error_body, http_status
from magenta_bridge.server.settings import HttpSettings

# A streamed message is preceded by one byte of flags and four of length.
FRAME_HEADER: Final = struct.Struct(">BI")
_END_FLAG: Final = 2

_CHUNK_BYTES: Final = 65_536
_MAX_BODY_BYTES: Final = MESSAGE_BYTES.value + FRAME_HEADER.size
_HEADERS: Final = {
    "Server": "magenta-bridge",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Exchange:
    """A request and its response.

    Args:
        request: The request.
        settings: The limits.
    """

    def __init__(self, request: web.BaseRequest, settings: HttpSettings) -> None:
        self.request = request
        self.headers: dict[str, str] = dict(_HEADERS)
        self._settings = settings
        self._response: web.StreamResponse | None = None

    @property
    def started(self) -> bool:
        """Whether the response has been started."""
        return self._response is not None

    async def read_body(self, deadline: float) -> bytes:
        """Return the request's body.

        Args:
            deadline: When it must have arrived, by ``time.monotonic()``.

        Raises:
            LimitExceededError: It is larger than a message may be.
            DeadlineError: It does not arrive in time.
            InvalidArgumentError: It is damaged.
            CancelledError: The client is gone.
        """
        _check_size(self.request.content_length or 0)
        if self.request.headers.get("Expect", "").lower() == "100-continue":
            await self.request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.request.writer.output_size = 0
        seconds = min(self._settings.body_seconds, deadline - time.monotonic())
        try:
            body = await asyncio.wait_for(self._collect(), seconds)
        except asyncio.TimeoutError:
            raise DeadlineError(
                "The request's body did not arrive in time; send it without a pause."
            ) from None
        except web.RequestPayloadError:
            raise InvalidArgumentError(
                "The request's body is truncated or its chunks are damaged.", field="request"
            ) from None
        transport = self.request.transport
        if transport is None or transport.is_closing():
            # Before Python 3.12, wait_for ignores a cancellation if its result has just arrived.
            raise CancelledError("The client closed the connection.")
        return body

    async def _collect(self) -> bytes:
        body = bytearray()
        async for chunk in self.request.content.iter_any():
            body += chunk
            _check_size(len(body))
        return bytes(body)

    async def respond(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Send a whole response."""
        headers = {**self.headers, **(headers or {}), "Content-Type": content_type}
        response = self._response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(body)
        if not self.request.content.is_eof():
            # The unread rest of the body would be read as the next request.
            response.force_close()

        async def send() -> None:
            await response.prepare(self.request)
            start = 0
            while len(body) - start > _CHUNK_BYTES:
                await response.write(body[start : start + _CHUNK_BYTES])
                start += _CHUNK_BYTES
            # It waits until the client has room, but only if it is given bytes.
            await response.write_eof(body[start:])

        await self._with_timeout(send())
        return response

    async def respond_error(
        self,
        status: status_pb2.Status,
        code: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> web.StreamResponse:
        """Send an error, with the HTTP status of its code unless another is given."""
        return await self.respond(code or http_status(status), error_body(status), headers=headers)

    async def send_message(self, data: bytes, content_type: str) -> None:
        """Send one message of a stream; return when there is room for another.

        Raises:
            CancelledError: The client is gone.
        """
        try:
            response = await self._start_stream(content_type)
            await response.write(FRAME_HEADER.pack(0, len(data)) + data)
        except ConnectionError:
            raise CancelledError("The client closed the connection.") from None

    async def end_stream(
        self, content_type: str, status: status_pb2.Status | None = None
    ) -> web.StreamResponse:
        """Send the last message of a stream, with the error if there is one."""
        response = await self._start_stream(content_type)
        data = end_body(status)
        await self._with_timeout(response.write_eof(FRAME_HEADER.pack(_END_FLAG, len(data)) + data))
        return response

    async def _start_stream(self, content_type: str) -> web.StreamResponse:
        if self._response is None:
            headers = {**self.headers, "Content-Type": content_type}
            self._response = web.StreamResponse(headers=headers)
            await self._response.prepare(self.request)
        return self._response

    async def _with_timeout(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.wait_for(sending, self._settings.answer_seconds)
        except asyncio.TimeoutError:
            self.abort()

    def abort(self) -> NoReturn:
        """Close the connection at once.

        Raises:
            ConnectionResetError: Always.
        """
        if self.request.transport is not None:
            self.request.transport.abort()
        raise ConnectionResetError("The connection was aborted.")


def _check_size(size: int) -> None:
    if size > _MAX_BODY_BYTES:
        check_limit(MESSAGE_BYTES, size, where="request", field="request")
