"""The work in hand, all of which can be cut off at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from magenta_bridge.errors import ServerUnavailableError

T = TypeVar("T")


class WorkInHand:
    """Runs the work of calls and knows what is running.

    Threading: one event loop uses it.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()
        self._cut = False

    async def run(self, work: Awaitable[T], seconds: float) -> T:
        """Returns what the work returns.

        Raises:
            asyncio.TimeoutError: It takes longer than so many seconds, and was canceled.
            ServerUnavailableError: It was cut off.
        """
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            return await asyncio.wait_for(task, seconds)
        except asyncio.CancelledError:
            if self._cut:
                raise ServerUnavailableError(
                    "The server has shut down before this was finished; ask again later."
                ) from None
            raise
        finally:
            self._tasks.discard(task)

    def cut_off(self) -> None:
        """Cancels all work, now and from now on."""
        self._cut = True
        for task in self._tasks:
            task.cancel()
