"""How often one caller may call."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from magenta_bridge.errors import RateLimitedError
from magenta_bridge.limits import CALLS_PER_SECOND, RATE_CALLERS
from magenta_bridge.server.rpc.boundary import Gate
from magenta_bridge.server.rpc.call import Call

# Far above what sums of clock times lose, far below what anybody waits for.
_ROUNDING_SECONDS: Final = 1e-6


class RateGate:
    """Refuses the calls of a caller that calls too often: a token bucket for each account.

    A bucket is kept as the one time at which it will be full again (the generic cell rate
    algorithm, ITU-T I.371, annex A, in its form as virtual scheduling). A bucket that is full
    says nothing and is forgotten.

    Threading: one event loop uses it.

    Args:
        calls_per_second: Average rate, above 0.
        calls_at_once: Calls that a caller may make at once after a pause, from 1 up.
        callers: Most callers that are remembered; beyond, the one that called least recently
            is forgotten, and has a full bucket again.
        now: The clock, in seconds.
    """

    def __init__(
        self,
        calls_per_second: float,
        calls_at_once: int,
        *,
        callers: int = RATE_CALLERS.value,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 1 / calls_per_second
        self._tolerance = (calls_at_once - 1) * self._interval
        self._rate = calls_per_second
        self._callers = callers
        self._now = now
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Returns how many callers are remembered."""
        return len(self._full_at)

    def admit(self, call: Call) -> Call:
        """Returns the call as it is.

        Raises:
            RateLimitedError: Its caller has to wait.
        """
        now = self._now()
        full_at = max(self._full_at.get(call.account, now), now)
        wait = full_at - now - self._tolerance
        if wait > _ROUNDING_SECONDS:
            raise self._refusal(call, wait)
        self._full_at[call.account] = full_at + self._interval
        self._full_at.move_to_end(call.account)
        self._forget(now)
        return call

    def _forget(self, now: float) -> None:
        while len(self._full_at) > self._callers or next(iter(self._full_at.values())) <= now:
            self._full_at.popitem(last=False)

    def _refusal(self, call: Call, wait: float) -> RateLimitedError:
        wait_ms = math.ceil(wait * 1_000)
        return RateLimitedError(
            f"{call.caller or 'This caller'} calls more often than the {self._rate:g} times a "
            f"second that are accepted; try again in {wait_ms} ms.",
            metadata={
                "limit": "calls a second",
                "maximum": f"{self._rate:g}",
                "retry_after_ms": str(wait_ms),
            },
        )


def rate_gates(rate: float | None, calls_at_once: int, *, loopback: bool) -> list[Gate]:
    """Returns the gate that the settings ask for, if they do.

    Args:
        rate: Calls per second; 0 for any rate, None for the default of the address.
        calls_at_once: Calls allowed at once after a pause.
        loopback: Whether this computer alone can reach the server.
    """
    if rate is None:
        rate = 0.0 if loopback else float(CALLS_PER_SECOND.value)
    return [RateGate(rate, calls_at_once)] if rate else []
