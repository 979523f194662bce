"""A wall clock that stands still until somebody waits."""

from __future__ import annotations

from magenta_bridge.midi.timing.clock import VirtualClock
from magenta_bridge.midi.timing.steady_clock import SteadyClock


class VirtualWall(SteadyClock):
    """Wall and monotonic time of a virtual clock, which are the same.

    Args:
        clock: Stands still until somebody waits.
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock.now, clock.now)
        self._clock = clock

    def sleep_until(self, seconds: float, spin: float = 0.0) -> None:
        """Makes it that time."""
        del spin
        self._clock.sleep_until(seconds)
