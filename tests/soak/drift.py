"""Whether calls take longer the longer a server has run: its p99 beside that of a fresh one.

Early figures of a run say little about late ones: whatever else the machine does meanwhile counts
as well. So the server that has run for long and one that has just started are called in the same
way at the same time, and stretch by stretch their p99 are compared.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

# The first is the fresh server's warm-up, and decides nothing.
STRETCHES = 9
CALLS_IN_A_STRETCH = 20


class Stopwatch:
    """Keeps how long calls took, by the stretch of the run that they ended in.

    Args:
        seconds: How long the run is; what ends later counts as its end.
    """

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._length = seconds / STRETCHES
        self._calls: list[list[float]] = [[] for _ in range(STRETCHES)]

    def note(self, seconds: float) -> None:
        """Notes that a call has ended that took so long."""
        place = int((time.monotonic() - self._begun) / self._length)
        self._calls[min(STRETCHES - 1, place)].append(seconds)

    def stretches(self) -> list[float]:
        """Returns the p99 of each stretch in seconds; none of a run too short to tell."""
        if min(map(len, self._calls)) < CALLS_IN_A_STRETCH:
            return []
        return [p99(calls) for calls in self._calls]

    def whole(self) -> float:
        """Returns the p99 of the whole run in seconds, 0 without a call."""
        calls = [seconds for stretch in self._calls for seconds in stretch]
        return p99(calls) if calls else 0.0


def p99(values: Sequence[float]) -> float:
    """Returns what 99 of 100 values do not exceed."""
    return sorted(values)[int(0.99 * len(values))]


def drift(old: Sequence[float], fresh: Sequence[float]) -> tuple[float, float]:
    """Compares a server that has run for long with a fresh one.

    Args:
        old: Its p99, stretch by stretch.
        fresh: That of the other at the same time.

    Returns:
        The median of their ratios, and the ratio that three of four stretches exceed: chance
        moves the median above 1 as often as below, but seldom the second. 1 and 1 where nothing
        is known.
    """
    ratios = [late / early for late, early in zip(old[1:], fresh[1:], strict=True)]
    if not ratios:
        return 1.0, 1.0
    return statistics.median(ratios), statistics.quantiles(ratios, n=4)[0]
