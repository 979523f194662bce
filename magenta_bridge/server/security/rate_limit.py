"""Limit the rate of calls per caller."""

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

# Tolerance for rounding errors of clock times.
_ROUNDING_SECONDS: Final = 1e-6


class RateGate:
    """Rejects calls above a rate, with a token bucket for each account.

    A bucket is stored as the time at which it will be full again (the generic cell rate algorithm,
    ITU-T I.371, annex A, in its form as virtual scheduling). Full buckets are removed.

    Threading: call it on one event loop.

    Args:
        calls_per_second: Average rate, above 0.
        calls_at_once: Burst size in calls, from 1 up.
        callers: Maximum number of buckets; beyond it, the least recently used one is removed.
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
        """Return the number of buckets."""
        return len(self._full_at)

    def admit(self, call: Call) -> Call:
        """Return the call unchanged.

        Raises:
            RateLimitedError: The caller exceeds the rate.
        """
        now = self._now()
        full_at = max(self._full_at.get(call.account, now), now)
        wait = full_at - now - self._tolerance
        if wait > _ROUNDING_SECONDS:
            raise self._error(call, wait)
        self._full_at[call.account] = full_at + self._interval
        self._full_at.move_to_end(call.account)
        self._evict(now)
        return call

    def _evict(self, now: float) -> None:
        while len(self._full_at) > self._callers or next(iter(self._full_at.values())) <= now:
            self._full_at.popitem(last=False)

    def _error(self, call: Call, wait: float) -> RateLimitedError:
        wait_ms = math.ceil(wait * 1_000)
        return RateLimitedError(
            f"{call.caller or 'This caller'} exceeds the rate limit of {self._rate:g} calls per "
            f"second; try again in {wait_ms} ms.",
            metadata={
                "limit": "calls per second",
                "maximum": f"{self._rate:g}",
                "retry_after_ms": str(wait_ms),
            },
        )


def rate_gates(rate: float | None, calls_at_once: int, *, loopback: bool) -> list[Gate]:
    """Return the gate of a rate limit; empty without one.

    Args:
        rate: Calls per second; 0 for no limit, None for the default of the address.
        calls_at_once: Burst size in calls.
        loopback: Whether only this computer can reach the server.
    """
    if rate is None:
        rate = 0.0 if loopback else float(CALLS_PER_SECOND.value)
    return [RateGate(rate, calls_at_once)] if rate else []
