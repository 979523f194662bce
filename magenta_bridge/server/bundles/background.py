"""Threads for what would hold up the event loop: drives that hang, programs that are built."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from magenta_bridge.errors import CancelledError

T = TypeVar("T")

_PATIENCE_SECONDS: Final = 1.0


class BackgroundThreads:
    """Runs each piece of work on a thread of its own.

    The threads are daemons: a drive that does not answer must not keep the process.

    Threading: one event loop uses it.
    """

    def __init__(self) -> None:
        self._closed = threading.Event()
        self._running: set[asyncio.Future[None]] = set()

    async def run(self, work: Callable[[Callable[[], None]], T]) -> T:
        """Returns what the work returns, or raises what it raises.

        Args:
            work: Called with an interrupt, which raises once nobody waits for the result.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        unwanted = threading.Event()

        def interrupt() -> None:
            if unwanted.is_set() or self._closed.is_set():
                raise CancelledError("The loading was stopped.")

        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        self._running.add(ended)
        ended.add_done_callback(self._running.discard)

        def run() -> None:
            try:
                future.set_result(work(interrupt))
            except BaseException as error:  # noqa: BLE001 - handed to whoever awaits the future
                future.set_exception(error)
            finally:
                _tell(loop, ended)

        threading.Thread(target=run, name="aside", daemon=True).start()
        try:
            return await asyncio.wrap_future(future)
        finally:
            unwanted.set()

    async def close(self) -> None:
        """Interrupts what is still running, and gives it a moment to end."""
        self._closed.set()
        if self._running:
            await asyncio.wait(self._running, timeout=_PATIENCE_SECONDS)


def _tell(loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
    def end() -> None:
        if not ended.done():
            ended.set_result(None)

    # The loop may have ended long since, where a drive kept this thread waiting.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(end)
