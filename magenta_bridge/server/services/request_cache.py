"""The same request, sent again, gets the answer of the first time (AIP-155)."""

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


class Repeats(Generic[A]):
    """Remembers the answers of requests that carry a ``request_id``.

    An id belongs to its caller and method. A repetition that comes while the first request is
    in work waits for it; where that one fails or is taken back, it does the work itself, so
    that only good answers are ever repeated. When there is no more room, the oldest answers are
    forgotten.

    Threading: one event loop uses it.

    Args:
        seconds: How long an answer is remembered.
        answers: Most answers remembered.
        size: Most bytes of all remembered answers together.
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
        self._most_answers = answers
        self._most_bytes = size
        self._now = now
        self._kept: OrderedDict[_Key, _Answer[A]] = OrderedDict()
        self._bytes = 0
        self._in_work: dict[_Key, _Attempt] = {}

    def __len__(self) -> int:
        """Returns how many answers are remembered."""
        return len(self._kept)

    async def answer(self, call: Call, request: Message, work: Callable[[], Awaitable[A]]) -> A:
        """Returns the answer to a request.

        Args:
            call: The call; without a ``request_id`` nothing is looked up or remembered.
            request: The request.
            work: Makes the answer.

        Raises:
            InvalidArgumentError: The id stands for another request.
        """
        if not call.request_id:
            return await work()
        key = (call.caller, call.method, call.request_id)
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        while (attempt := self._in_work.get(key)) is not None:
            _check_same(attempt.digest, digest)
            await attempt.over.wait()
        self._forget_old()
        kept = self._kept.get(key)
        if kept is not None:
            _check_same(kept.digest, digest)
            return kept.answer
        return await self._first(key, digest, work)

    async def _first(self, key: _Key, digest: bytes, work: Callable[[], Awaitable[A]]) -> A:
        attempt = self._in_work[key] = _Attempt(digest)
        try:
            answer = await work()
            self._keep(key, _Answer(digest, answer, answer.ByteSize(), self._now() + self._seconds))
            return answer
        finally:
            del self._in_work[key]
            attempt.over.set()

    def _keep(self, key: _Key, answer: _Answer[A]) -> None:
        if answer.size > self._most_bytes:
            return
        self._kept[key] = answer
        self._bytes += answer.size
        while self._bytes > self._most_bytes or len(self._kept) > self._most_answers:
            self._forget_oldest()

    def _forget_old(self) -> None:
        now = self._now()
        while self._kept and next(iter(self._kept.values())).until <= now:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, answer = self._kept.popitem(last=False)
        self._bytes -= answer.size


@dataclass(frozen=True)
class _Answer(Generic[A]):
    """What was answered, to which request, and until when that is known."""

    digest: bytes
    answer: A
    size: int
    until: float


class _Attempt:
    """A request in work, and the moment when it is so no more."""

    def __init__(self, digest: bytes) -> None:
        self.digest = digest
        self.over = asyncio.Event()


def _check_same(known: bytes, digest: bytes) -> None:
    if known != digest:
        raise InvalidArgumentError(
            "request_id was used for another request within the last ten minutes; every request "
            "needs an id of its own.",
            field="request_id",
        )
