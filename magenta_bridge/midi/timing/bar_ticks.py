"""Ticks on the bar lines of a song that somebody else plays, such as Live."""

from __future__ import annotations

import math
import threading
import time
from typing import Final

from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, sleep_until
from magenta_bridge.midi.timing.tempo import TempoSource

_LOOK_SECONDS: Final = 0.02
_SPIN_SECONDS: Final = 0.002
# A tempo that is measured trembles; less than this is no change.
_SAME_TEMPO: Final = 0.005
# A bar line is not told twice when its time is estimated anew.
_HALF: Final = 0.5


class BarTicks:
    """A tick at each bar line while the song goes on: see ``ticks.Ticks``.

    Args:
        source: Tells tempo and position on the monotonic clock.
        beats: Quarter notes in a bar.
    """

    def __init__(self, source: TempoSource, beats: int = 4) -> None:
        self._source = source
        self._beats = beats
        self._last_beat = -math.inf
        self._qpm = source.qpm
        self._woken = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the song goes on."""
        return self._source.running

    @property
    def qpm(self) -> float:
        """Quarter notes per minute, without the trembling of the measurement."""
        measured = self._source.qpm
        if abs(measured / self._qpm - 1.0) > _SAME_TEMPO:
            self._qpm = measured
        return self._qpm

    @property
    def expected(self) -> float | None:
        """When the next bar line is, in seconds of the wall clock; None while the song rests."""
        if not self._source.running:
            self._last_beat = -math.inf
            return None
        return STEADY_CLOCK.of_monotonic(self._source.time_at(self._next_line()))

    def wait(self, until: float | None) -> float | None:
        """See ``Ticks.wait``; the song's changes are looked at all the time."""
        while True:
            line = self.expected
            end = min(
                STEADY_CLOCK.now() + _LOOK_SECONDS,
                math.inf if until is None else until,
                math.inf if line is None else line,
            )
            self._woken.wait(max(0.0, end - STEADY_CLOCK.now() - _SPIN_SECONDS))
            if self._woken.is_set():
                self._woken.clear()
                return None
            if line is not None and line <= STEADY_CLOCK.now() + _SPIN_SECONDS:
                return self._pass(line)
            if line is None or (until is not None and until <= STEADY_CLOCK.now()):
                return None

    def wake(self) -> None:
        """See ``Ticks.wake``."""
        self._woken.set()

    def _next_line(self) -> float:
        beat = self._source.beat_at(time.monotonic())
        if beat < self._last_beat - self._beats:
            # Somebody has moved back in the song.
            self._last_beat = -math.inf
        # A line that has just been reached is due still.
        reached = max(beat - _HALF, self._last_beat + _HALF)
        return math.ceil(reached / self._beats) * self._beats

    def _pass(self, line: float) -> float:
        self._last_beat = self._next_line()
        sleep_until(line)
        return line
