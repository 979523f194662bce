"""Daemon threads for work that would block the event loop: slow drives, compiling programs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from magenta_bridge.errors import CancelledError

T = TypeVar("T")

_CLOSE_SECONDS: Final = 1.0


class BackgroundThreads:
    """Runs each function on a new daemon thread, so that a hung drive cannot keep the process.

    Threading: call it on one event loop.
    """

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._running: set[asyncio.Future[None]] = set()

    async def run(self, work: Callable[[Callable[[], None]], T]) -> T:
        """Return what the function returns, or raise what it raises.

        Args:
            work: Called with an interrupt, which raises once the result is no longer needed.
        """
        result: Future[T] = Future()
        result.set_running_or_notify_cancel()
        cancelled = threading.Event()

        def interrupt() -> None:
            if cancelled.is_set() or self._closed.is_set():
                raise CancelledError("Loading was stopped.")

        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        self._running.add(ended)
        ended.add_done_callback(self._running.discard)

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        def run() -> None:
            try:
                result.set_result(work(interrupt))
            except BaseException as error:  # noqa: BLE001 - passed to the future
                result.set_exception(error)
            finally:
                # The loop may have been closed if a drive blocked this thread for long.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(end)

        threading.Thread(target=run, name="background", daemon=True).start()
        try:
            return await asyncio.wrap_future(result)
        finally:
            cancelled.set()

    async def close(self) -> None:
        """Interrupt the running functions, and wait a second at most for them to end."""
        self._closed.set()
        if self._running:
            await asyncio.wait(self._running, timeout=_CLOSE_SECONDS)
