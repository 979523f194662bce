"""Return the same response to a repeated request (idempotency by request id, AIP-155)."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import REPEAT_ANSWERS, REPEAT_BYTES, REPEAT_SECONDS
from magenta_bridge.server.rpc.call import Call

A = TypeVar("A", bound=Message)

_Key = tuple[str, str, str]


class RequestCache(Generic[A]):
    """Caches the responses to requests with a ``request_id``.

    An id belongs to its caller and method. A repeated request waits while the first is in flight;
    if the first fails or is canceled, the repeated one does the work, so that only successful
    responses are cached. The oldest responses are evicted first.

    Threading: call it on one event loop.

    Args:
        seconds: How long a response is cached.
        answers: Maximum number of cached responses.
        size: Maximum size of all cached responses together, in bytes.
        now: The clock, in seconds.
    """

    def __init__(
        self,
        *,
        seconds: float = float(REPEAT_SECONDS.value),
        answers: int = REPEAT_ANSWERS.value,
        size: int = REPEAT_BYTES.value,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._max_responses = answers
        self._max_bytes = size
        self._now = now
        self._cached: OrderedDict[_Key, _Response[A]] = OrderedDict()
        self._bytes = 0
        # Requests in flight: their digests, and events that are set at their end.
        self._in_flight: dict[_Key, tuple[bytes, asyncio.Event]] = {}

    def __len__(self) -> int:
        """Return the number of cached responses."""
        return len(self._cached)

    async def get(self, call: Call, request: Message, work: Callable[[], Awaitable[A]]) -> A:
        """Return the response to a request.

        Args:
            call: The call; without a ``request_id`` the cache is bypassed.
            request: The request.
            work: Computes the response.

        Raises:
            InvalidArgumentError: The id was used for another request.
        """
        if not call.request_id:
            return await work()
        key = (call.caller, call.method, call.request_id)
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        while (first := self._in_flight.get(key)) is not None:
            _check_same(first[0], digest)
            await first[1].wait()
        self._evict_expired()
        cached = self._cached.get(key)
        if cached is not None:
            _check_same(cached.digest, digest)
            return cached.message
        ended = asyncio.Event()
        self._in_flight[key] = digest, ended
        try:
            message = await work()
            until = self._now() + self._seconds
            self._store(key, _Response(digest, message, message.ByteSize(), until))
            return message
        finally:
            del self._in_flight[key]
            ended.set()

    def _store(self, key: _Key, response: _Response[A]) -> None:
        if response.size > self._max_bytes:
            return
        self._cached[key] = response
        self._bytes += response.size
        while self._bytes > self._max_bytes or len(self._cached) > self._max_responses:
            self._evict_oldest()

    def _evict_expired(self) -> None:
        now = self._now()
        while self._cached and next(iter(self._cached.values())).until <= now:
            self._evict_oldest()

    def _evict_oldest(self) -> None:
        _, response = self._cached.popitem(last=False)
        self._bytes -= response.size


@dataclass(frozen=True)
class _Response(Generic[A]):
    """A cached response, the digest of its request, and when it expires."""

    digest: bytes
    message: A
    size: int
    until: float


def _check_same(known: bytes, digest: bytes) -> None:
    if known != digest:
        raise InvalidArgumentError(
            "request_id was used for another request within the last ten minutes; use a unique id "
            "for each request.",
            field="request_id",
        )
