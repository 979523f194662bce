"""A wall clock that never jumps.

The hub's times are seconds of the wall clock, as ``time.time()`` returns them. Because that clock
can be set while music plays, it is read once and then advanced by the monotonic clock. All times
inside this package are on this steady wall clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

# An operating system can wake a sleeping thread this late; the last stretch is busy waiting.
SPIN_S: Final = 0.002
# Clocks of one computer drift by some parts in 100,000, which is followed inaudibly.
_DRIFT_PER_SECOND: Final = 0.001
# A larger difference is not drift: the clock was set.
_JUMP_SECONDS: Final = 0.25
# Times further away than a day are not near now in any reading, such as 0 for a metronome.
_DAY_SECONDS: Final = 86_400.0


class SteadyClock:
    """A wall clock that is advanced by the monotonic clock and follows only the wall's drift.

    Threading: safe from any number of threads.

    Args:
        wall: Returns seconds since 1970, as the computer's clock is set.
        monotonic: Returns seconds that never decrease.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._last = monotonic()
        self._offset = wall() - self._last

    def now(self) -> float:
        """Return the seconds since 1970 on the steady clock."""
        with self._lock:
            now = self.monotonic()
            difference = self._wall() - now - self._offset
            if abs(difference) < _JUMP_SECONDS:
                limit = (now - self._last) * _DRIFT_PER_SECOND
                self._offset += min(max(difference, -limit), limit)
            self._last = now
            return now + self._offset

    def to_monotonic(self, seconds: float) -> float:
        """Convert a time of the steady clock to a monotonic time."""
        return seconds - self._offset

    def from_monotonic(self, seconds: float) -> float:
        """Convert a monotonic time to a time of the steady clock."""
        return seconds + self._offset

    def from_wall_time(self, seconds: float) -> float:
        """Convert a time that a caller read from ``time.time()`` to the steady clock.

        If the computer's clock was set, the time can be from before or after that; the reading
        nearer to now is used.
        """
        now = self.now()
        jump = self._wall() - now
        other = seconds - jump
        if abs(jump) < _JUMP_SECONDS or abs(other - now) > _DAY_SECONDS:
            return seconds
        return min(seconds, other, key=lambda time_s: abs(time_s - now))

    def wait(self, condition: threading.Condition, until: float | None) -> None:
        """Wait on an acquired condition until it is notified or a time is nearly due.

        Args:
            condition: The condition; its lock is held.
            until: Returns up to ``SPIN_S`` before this time; None for no limit.
        """
        condition.wait(None if until is None else max(0.0, until - self.now() - SPIN_S))

    def sleep_until(self, seconds: float) -> None:
        """Sleep until a time of the steady clock; the last ``SPIN_S`` seconds are busy waiting."""
        due = self.to_monotonic(seconds)
        remaining = due - self.monotonic()
        if remaining > SPIN_S:
            time.sleep(remaining - SPIN_S)
        while self.monotonic() < due:
            pass


STEADY_CLOCK: Final = SteadyClock()
