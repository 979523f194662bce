"""The ticks that call and response are measured in, usually one a bar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, sleep_until

_SPIN_SECONDS = 0.002


class Ticks(Protocol):
    """Where ticks come from."""

    @property
    def expected(self) -> float | None:
        """When the next tick is due, in seconds of the wall clock; None when nobody knows."""

    def wait(self, until: float | None) -> float | None:
        """Waits for the next tick, or until a time.

        Returns:
            When the tick was; None when the time came first or somebody woke the waiter.
        """

    def wake(self) -> None:
        """Ends a wait that is under way."""


class PeriodTicks:
    """A tick every so many seconds; a change of the period is followed within it.

    Args:
        period: Returns the seconds from tick to tick that hold now.
        start: When the first period begins, in seconds of the wall clock.
    """

    def __init__(self, period: Callable[[], float], start: float) -> None:
        self._period = period
        self._length = period()
        self._due = start + self._length
        self._changed = threading.Condition()
        self._woken = False

    @property
    def expected(self) -> float:
        """When the next tick is due."""
        length = self._period()
        if length != self._length:
            now = STEADY_CLOCK.now()
            self._due = now + (self._due - now) * length / self._length
            self._length = length
        return self._due

    def wait(self, until: float | None) -> float | None:
        """See ``Ticks.wait``; ticks that nobody waited for are left out."""
        due = self.expected
        end = due if until is None else min(due, until)
        with self._changed:
            remaining = end - STEADY_CLOCK.now() - _SPIN_SECONDS
            if remaining > 0:
                self._changed.wait_for(lambda: self._woken, remaining)
            woken, self._woken = self._woken, False
        if woken or (until is not None and until < due):
            return None
        sleep_until(due)
        missed = (STEADY_CLOCK.now() - due) // self._length
        due += max(0.0, missed) * self._length
        self._due = due + self._length
        return due

    def wake(self) -> None:
        """See ``Ticks.wake``."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()


class CalledTicks:
    """Ticks that somebody else calls, such as a controller of a sequencer.

    A tick is expected as long after the last one as that came after the one before.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._called: list[float] = []
        self._last: float | None = None
        self._length: float | None = None
        self._woken = False

    @property
    def expected(self) -> float | None:
        """When the next tick is likely."""
        if self._last is None or self._length is None:
            return None
        return self._last + self._length

    def call(self, time_s: float) -> None:
        """Tells that a tick came at a time of the wall clock."""
        with self._changed:
            self._called.append(time_s)
            self._changed.notify_all()

    def wait(self, until: float | None) -> float | None:
        """See ``Ticks.wait``."""
        with self._changed:
            remaining = None if until is None else max(0.0, until - STEADY_CLOCK.now())
            self._changed.wait_for(lambda: self._woken or self._called, remaining)
            self._woken = False
            if not self._called:
                return None
            tick = self._called.pop(0)
            if self._last is not None:
                self._length = tick - self._last
            self._last = tick
            return tick

    def wake(self) -> None:
        """See ``Ticks.wake``."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()
