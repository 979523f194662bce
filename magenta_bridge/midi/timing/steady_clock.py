"""Wall time that never jumps.

The hub speaks in seconds of the wall clock, as ``time.time()`` tells them. That clock is set
while music plays: by hand, by the network, by daylight. So it is read once, and the monotonic clock
carries on from there; every time inside is of this steady wall clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

# Clocks of one computer drift apart by some parts in 100,000: followed, and never audibly.
_DRIFT_PER_SECOND: Final = 0.001
# A larger difference is no drift: somebody has set the clock.
_JUMP_SECONDS: Final = 0.25
# Times further off than a day are not meant to be near now, such as the 0 of a metronome.
_DAY_SECONDS: Final = 86_400.0


class SteadyClock:
    """A wall clock that is carried by the monotonic one and follows the other's drift alone.

    Threading: safe from any number of threads.

    Args:
        wall: Returns seconds since 1970, as the computer's clock is set.
        monotonic: Returns seconds that only ever grow.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last = monotonic()
        self._offset = wall() - self._last

    def now(self) -> float:
        """Returns the seconds since 1970 on the steady clock."""
        with self._lock:
            return self._follow() + self._offset

    def monotonic(self, seconds: float) -> float:
        """Returns the monotonic time of a time of the steady clock."""
        return seconds - self._offset

    def of_monotonic(self, seconds: float) -> float:
        """Returns the time of the steady clock of a monotonic time."""
        return seconds + self._offset

    def heard(self, seconds: float) -> float:
        """Takes a time that a caller read off ``time.time()`` over to the steady clock.

        After the computer's clock was set, the caller may mean the time before or after that:
        whichever lies nearer to now.
        """
        now = self.now()
        jump = self._wall() - now
        other = seconds - jump
        if abs(jump) < _JUMP_SECONDS or abs(other - now) > _DAY_SECONDS:
            return seconds
        return min(seconds, other, key=lambda time_s: abs(time_s - now))

    def sleep_until(self, seconds: float, spin: float = 0.002) -> None:
        """Sleeps until a time of the steady clock; the last ``spin`` seconds are spent looking.

        A sleeper is woken late, by milliseconds on a busy computer; one that looks is not.
        """
        due = self.monotonic(seconds)
        remaining = due - self._monotonic()
        if remaining > spin:
            time.sleep(remaining - spin)
        while self._monotonic() < due:
            pass

    def _follow(self) -> float:
        now = self._monotonic()
        difference = self._wall() - now - self._offset
        if abs(difference) < _JUMP_SECONDS:
            most = (now - self._last) * _DRIFT_PER_SECOND
            self._offset += min(max(difference, -most), most)
        self._last = now
        return now


STEADY_CLOCK: Final = SteadyClock()


def sleep_until(seconds: float) -> None:
    """Sleeps until a time of ``STEADY_CLOCK``."""
    STEADY_CLOCK.sleep_until(seconds)
