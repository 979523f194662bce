"""Requests of the operating system, or of Ctrl-C, to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def stop_requests() -> Iterator[asyncio.Queue[int]]:
    """Collects SIGINT and SIGTERM while it is open, instead of letting them end the process.

    In any other than the main thread, which alone hears of signals, the queue stays empty.

    Yields:
        A queue of the running event loop with the numbers of the signals that came.
    """
    loop = asyncio.get_running_loop()
    stops: asyncio.Queue[int] = asyncio.Queue()
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return

    # Not loop.add_signal_handler, which Windows lacks.
    def hear(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stops.put_nowait, number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
