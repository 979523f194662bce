"""Time for playing: seconds that only go forward, and waits that end when they are due."""

from __future__ import annotations

import time
from typing import Protocol

# An operating system wakes a sleeper up to this late; the rest is waited for awake.
SPIN_S = 0.002


class Clock(Protocol):
    """Tells the time and waits for it."""

    def now(self) -> float:
        """Returns the time in seconds; only differences mean something."""

    def sleep_until(self, due: float) -> None:
        """Returns at ``due``, in seconds of ``now``, or at once when that has passed."""


class RealClock:
    """The monotonic clock of the machine, the same in all of its processes.

    Threading: any thread.

    Args:
        spin_s: The last seconds of a wait are spent awake: a sleep alone ends too late by as
            much as that.
    """

    def __init__(self, *, spin_s: float = SPIN_S) -> None:
        self._spin_s = spin_s

    def now(self) -> float:
        """Returns ``time.monotonic()``."""
        return time.monotonic()

    def sleep_until(self, due: float) -> None:
        """Sleeps until shortly before ``due`` and stays awake for the rest."""
        asleep_s = due - time.monotonic() - self._spin_s
        if asleep_s > 0:
            time.sleep(asleep_s)
        while time.monotonic() < due:
            pass


class VirtualClock:
    """A clock that stands still until somebody waits: an hour of music passes at once.

    Threading: one thread.

    Args:
        start: The time at first, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Returns the time that was waited for last."""
        return self._now

    def sleep_until(self, due: float) -> None:
        """Makes it ``due``; time never goes back."""
        self._now = max(self._now, due)
