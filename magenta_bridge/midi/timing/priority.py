"""Puts the playing thread before others, as far as the system allows."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Priority:
    """How a thread is scheduled.

    Attributes:
        real_time: Whether it runs before all ordinary threads.
        note: One sentence for the user; empty when all is well.
    """

    real_time: bool
    note: str = ""


def raise_priority() -> Priority:
    """Asks for real-time scheduling of the thread that calls.

    Linux has SCHED_FIFO, at its lowest priority, which already goes before every ordinary
    thread, and after those that make the sound. Elsewhere the thread stays ordinary.
    """
    if sys.platform == "win32":
        _wake_every_millisecond()
    if sys.platform != "linux":
        return Priority(False, "This system plays without real-time priority.")
    lowest = os.sched_get_priority_min(os.SCHED_FIFO)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(lowest))
    except OSError:
        return Priority(
            False,
            "Real-time priority is not permitted, so that other programs can delay notes; "
            "allow it with 'rtprio' in /etc/security/limits.conf.",
        )
    return Priority(True)


@contextlib.contextmanager
def realtime_priority() -> Iterator[Priority]:
    """Raises the priority of the thread that calls while it is open."""
    priority = raise_priority()
    try:
        yield priority
    finally:
        if priority.real_time and sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def freeze_gc() -> None:
    """Takes all objects there are out of the garbage collector's rounds; call before playing."""
    gc.collect()
    gc.freeze()


if sys.platform == "win32":

    def _wake_every_millisecond() -> None:
        """Lets waits end within a millisecond, which take up to 16 otherwise."""
        import ctypes

        ctypes.windll.winmm.timeBeginPeriod(1)
