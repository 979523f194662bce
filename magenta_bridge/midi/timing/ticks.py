"""The ticks in which calls and responses are measured, usually one per bar."""

from __future__ import annotations

import abc
import math
import threading
from collections.abc import Callable
from typing import Final

from magenta_bridge.midi.timing.steady_clock import SPIN_S, STEADY_CLOCK, SteadyClock
from magenta_bridge.midi.timing.tempo import TempoSource

# Generation ahead starts this long before a tick, or half a tick before it if that is shorter.
LEAD_S: Final = 0.5
# Polling intervals: for changes of the song, for the tempo controller, and for further notes during
# the lead.
_POLL_SECONDS: Final = 0.02
_TEMPO_POLL_S: Final = 0.05
_NOTES_POLL_S: Final = 0.01
# Relative differences of a measured tempo below this are jitter.
_SAME_TEMPO: Final = 0.005
_HALF: Final = 0.5
# A tick is between this and one more bar long after a jump. A loop of half a bar has a tick at
# every second rollover.
_SHORTEST_BARS: Final = 0.55


class Ticks(abc.ABC):
    """A source of ticks. All times are seconds of the wall clock.

    Threading: one thread waits; any thread may call ``wake``.
    """

    def __init__(self, clock: SteadyClock = STEADY_CLOCK) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._woken = False

    @property
    def running(self) -> bool:
        """Whether the song is playing."""
        return True

    @property
    def waiting_for(self) -> str:
        """What the song or its bar line is waiting for; empty if nothing."""
        return ""

    @property
    def bar(self) -> int | None:
        """The bar of the song that began with the last tick, from 1; None if unknown."""
        return None

    @property
    def qpm(self) -> float | None:
        """The tempo of an external clock, in quarter notes per minute; None if there is none."""
        return None

    @property
    @abc.abstractmethod
    def expected(self) -> float | None:
        """When the next tick is due; None if unknown."""

    @abc.abstractmethod
    def wait(self, until: float | None) -> float | None:
        """Wait for the next tick or until a time.

        Returns:
            The time of the tick; None if ``until`` came first or ``wake`` was called.
        """

    def next_poll(self, last_tick: float | None) -> float:
        """Return when to check for notes and tempo before the next tick.

        Args:
            last_tick: The time of the last tick; None if nothing is generated ahead.
        """
        expected, now = self.expected, self._clock.now()
        if expected is None or last_tick is None:
            return now + _TEMPO_POLL_S
        lead = min(LEAD_S, (expected - last_tick) / 2)
        if now + SPIN_S < expected - lead:
            return min(expected - lead, now + _TEMPO_POLL_S)
        return now + _NOTES_POLL_S

    def wake(self) -> None:
        """End a wait early."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def _wait_until(self, end: float | None, ready: Callable[[], bool] = lambda: False) -> bool:
        """Wait until a time or until ready; return whether ``wake`` was called."""
        with self._changed:
            while not (
                self._woken or ready() or (end is not None and end <= self._clock.now() + SPIN_S)
            ):
                self._clock.wait(self._changed, end)
            woken, self._woken = self._woken, False
            return woken


class PeriodTicks(Ticks):
    """Ticks at a fixed period; a change of the period takes effect immediately.

    Args:
        period: Returns the current seconds from tick to tick.
        start: When the first period begins.
        clock: The clock.
    """

    def __init__(
        self, period: Callable[[], float], start: float, clock: SteadyClock = STEADY_CLOCK
    ) -> None:
        super().__init__(clock)
        self._period = period
        self._length = period()
        self._due = start + self._length

    @property
    def expected(self) -> float:
        """When the next tick is due."""
        length = self._period()
        if length != self._length:
            now = self._clock.now()
            self._due = now + (self._due - now) * length / self._length
            self._length = length
        return self._due

    def wait(self, until: float | None) -> float | None:
        """See ``Ticks.wait``; ticks that passed without a waiter are skipped."""
        due = self.expected
        woken = self._wait_until(due if until is None else min(due, until))
        if woken or (until is not None and until < due):
            return None
        self._clock.sleep_until(due)
        missed = (self._clock.now() - due) // self._length
        due += max(0.0, missed) * self._length
        self._due = due + self._length
        return due


class SignalTicks(Ticks):
    """Ticks triggered by a message, such as a controller of a sequencer.

    The next tick is expected after the interval between the last two.
    """

    def __init__(self, clock: SteadyClock = STEADY_CLOCK) -> None:
        super().__init__(clock)
        self._pending: list[float] = []
        self._last: float | None = None
        self._length: float | None = None

    @property
    def expected(self) -> float | None:
        """When the next tick is likely."""
        if self._last is None or self._length is None:
            return None
        return self._last + self._length

    def trigger(self, time_s: float) -> None:
        """Add a tick at a time."""
        with self._changed:
            self._pending.append(time_s)
            self._changed.notify_all()

    def wait(self, until: float | None) -> float | None:
        """See ``Ticks.wait``."""
        self._wait_until(until, ready=lambda: bool(self._pending))
        with self._changed:
            if not self._pending:
                return None
            tick = self._pending.pop(0)
        if self._last is not None:
            self._length = tick - self._last
        self._last = tick
        return tick


class BarTicks(Ticks):
    """A tick at each bar line of an external clock, such as Live's, while the song is playing.

    After a jump of the song, a loop for example, the ticks are the bar lines from there on. A bar
    line that comes too soon after a tick is skipped, so that a tick is about a bar long.

    Args:
        source: Tempo and position on the monotonic clock.
        beats: Quarter notes per bar.
        clock: The clock.
    """

    def __init__(
        self, source: TempoSource, beats: float = 4.0, clock: SteadyClock = STEADY_CLOCK
    ) -> None:
        super().__init__(clock)
        self._source = source
        self._beats = beats
        # The monotonic time of the last tick.
        self._last = -math.inf
        self._bar: int | None = None
        self._qpm = source.qpm

    @property
    def running(self) -> bool:
        """Whether the song is playing."""
        return self._source.running

    @property
    def waiting_for(self) -> str:
        """See ``TempoSource.waiting_for``."""
        return self._source.waiting_for

    @property
    def bar(self) -> int | None:
        """See ``Ticks.bar``."""
        return self._bar

    @property
    def qpm(self) -> float:
        """Quarter notes per minute, without measurement jitter."""
        measured = self._source.qpm
        if abs(measured / self._qpm - 1.0) > _SAME_TEMPO:
            self._qpm = measured
        return self._qpm

    @property
    def expected(self) -> float | None:
        """When the next bar line is due; None while the song is stopped."""
        if not self._source.running:
            return None
        return self._clock.from_monotonic(self._next_line())

    def wait(self, until: float | None) -> float | None:
        """See ``Ticks.wait``; polls the song for changes."""
        limit = math.inf if until is None else until
        while True:
            line = self.expected
            soon = self._clock.now() + _POLL_SECONDS
            if self._wait_until(min(soon, limit, math.inf if line is None else line)):
                return None
            now = self._clock.now() + SPIN_S
            if line is not None and line <= now:
                self._last = self._clock.to_monotonic(line)
                self._bar = round(self._source.beat_at(self._last) / self._beats) + 1
                self._clock.sleep_until(line)
                return line
            if line is None or limit <= now:
                return None

    def _next_line(self) -> float:
        """Return the monotonic time of the next bar line."""
        source, beats = self._source, self._beats
        # A bar line that was just reached is still due.
        earliest = source.beat_at(self._clock.monotonic()) - _HALF
        if self._last > -math.inf:
            # After a jump, this is where the last tick would have been from here on.
            since = source.time_at(earliest) - self._last
            missing = _SHORTEST_BARS * beats - since * source.qpm / 60.0
            earliest += max(0.0, missing)
        return source.time_at(math.ceil(earliest / beats) * beats)
