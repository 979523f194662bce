"""How much work is accepted at once, and from whom."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from magenta_bridge.errors import OverloadedError

# Places kept for clients that have nothing in hand, so that no other can fill them all.
RESERVED: Final = 16


class Admission:
    """Counts the requests in hand and refuses what is too much.

    Threading: one event loop uses it.

    Args:
        most: Requests in hand at which no more are accepted; a client without any may still
            have one of 16 more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many requests are being worked on or wait."""
        return self._open.total()

    @contextlib.contextmanager
    def enter(self, account: str) -> Iterator[None]:
        """Takes a place, and gives it back in the end.

        Args:
            account: Whose request it is.

        Raises:
            OverloadedError: There is no place.
        """
        places = self._most + (0 if self._open[account] else RESERVED)
        if self.open >= places:
            raise OverloadedError(
                f"The server works on {self.open} requests and accepts no more; "
                "try again in a moment.",
                metadata={"limit": "open requests", "maximum": str(self._most)},
            )
        self._open[account] += 1
        try:
            yield
        finally:
            self._open[account] -= 1
            if not self._open[account]:
                del self._open[account]
