"""Detect that a server becomes slower over time, by comparing its p99 with a fresh server's.

Both servers receive the same traffic at the same time, because the load of the machine changes
during a run. Their p99 are compared stretch by stretch.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

# The first one is the warm-up of the fresh server and is ignored.
STRETCHES = 9
CALLS_IN_A_STRETCH = 20


class Stopwatch:
    """Collects the durations of calls, by the stretch of the run in which they ended.

    Args:
        seconds: Duration of the run; later calls belong to the last stretch.
    """

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._length = seconds / STRETCHES
        self._calls: list[list[float]] = [[] for _ in range(STRETCHES)]

    def note(self, seconds: float) -> None:
        """Add the duration of a call that has ended."""
        place = int((time.monotonic() - self._begun) / self._length)
        self._calls[min(STRETCHES - 1, place)].append(seconds)

    def stretches(self) -> list[float]:
        """Return the p99 of each stretch in seconds; empty if a stretch has too few calls."""
        if min(map(len, self._calls)) < CALLS_IN_A_STRETCH:
            return []
        return [p99(calls) for calls in self._calls]

    def whole(self) -> float:
        """Return the p99 of the whole run in seconds; 0 without a call."""
        calls = [seconds for stretch in self._calls for seconds in stretch]
        return p99(calls) if calls else 0.0


def p99(values: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(values)[int(0.99 * len(values))]


def drift(old: Sequence[float], fresh: Sequence[float]) -> tuple[float, float]:
    """Compare a server that has run for long with a fresh one.

    Args:
        old: Its p99, stretch by stretch.
        fresh: The fresh server's p99.

    Returns:
        The median and the lower quartile of their ratios; 1 and 1 without values. Noise often moves
        the median above 1, but rarely the quartile.
    """
    ratios = [late / early for late, early in zip(old[1:], fresh[1:], strict=True)]
    if not ratios:
        return 1.0, 1.0
    return statistics.median(ratios), statistics.quantiles(ratios, n=4)[0]
