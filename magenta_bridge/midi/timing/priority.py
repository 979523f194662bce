"""Gives the playing thread priority over others, where the system allows it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator


def raise_priority() -> bool:
    """Request real-time scheduling for the calling thread; return whether it was granted.

    On Linux, the thread gets SCHED_FIFO at its lowest priority: above every ordinary thread and
    below audio threads. Other systems keep the ordinary priority.
    """
    if sys.platform == "win32":
        import ctypes

        # Reduces the resolution of waits from up to 16 ms to 1 ms.
        ctypes.windll.winmm.timeBeginPeriod(1)
    if sys.platform != "linux":
        return False
    lowest = os.sched_get_priority_min(os.SCHED_FIFO)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(lowest))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def realtime_priority() -> Iterator[bool]:
    """Raise the priority of the calling thread within the block; yield whether it was granted."""
    granted = raise_priority()
    try:
        yield granted
    finally:
        if granted and sys.platform == "linux":
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def freeze_gc() -> None:
    """Exclude all existing objects from garbage collection; call before playing."""
    gc.collect()
    gc.freeze()
