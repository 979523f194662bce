"""Try a call again that an overloaded server rejected, when the server says, until the timeout."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

import grpc

from magenta_bridge.client.status import retry_seconds

# The pauses of a call grow by this factor, to at most this many times the server's own.
_GROWTH: Final = 1.5
_LONGEST: Final = 8.0


class Attempts:
    """The attempts of one call, which share its timeout.

    Args:
        timeout: Seconds for all attempts and the pauses between them.
        now: The clock, in seconds.
        draw: Returns a random number, 0 to 1, so that clients do not return all at once.
    """

    def __init__(
        self,
        timeout: float,
        *,
        now: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._now = now
        self._draw = draw
        self._end = now() + timeout
        self._factor = 1.0

    @property
    def left(self) -> float:
        """Seconds until the timeout."""
        return max(self._end - self._now(), 0.0)

    def pause(self, error: grpc.RpcError) -> float:
        """Return the seconds to wait before the next attempt.

        Raises:
            grpc.RpcError: The error itself, if there is no next attempt: the server did not reject
                the call for a time, or that time ends after the timeout.
        """
        delay = retry_seconds(error)
        if delay is None or delay >= self.left:
            raise error
        pause = delay * self._factor * (0.5 + self._draw())
        self._factor = min(self._factor * _GROWTH, _LONGEST)
        return max(delay, min(pause, self.left / 2))
