"""The last minute of a server: what rates and the curve are made of."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Final

from magenta_bridge.cli.top_view.scrape import Scrape
from magenta_bridge.cli.top_view.snapshot import Snapshot, take_snapshot, uptime

WINDOW_SECONDS: Final = 60.0

_STARTED: Final = "grpc_server_call_started_total"


class History:
    """Keeps the readings of the last minute."""

    def __init__(self) -> None:
        self._readings: deque[Scrape] = deque()

    def add(self, scrape: Scrape) -> Snapshot:
        """Takes a new reading and returns what it says.

        A server that was started anew begins a new history.
        """
        if self._readings and uptime(scrape) < uptime(self._readings[-1]):
            self._readings.clear()
        self._readings.append(scrape)
        while uptime(self._readings[0]) < uptime(scrape) - WINDOW_SECONDS:
            self._readings.popleft()
        before = self._readings[0] if len(self._readings) > 1 else None
        return take_snapshot(scrape, before)

    def rates(self) -> list[float]:
        """Returns how many calls a second were begun between each two readings."""
        return [
            ((later.value(_STARTED) or 0.0) - (earlier.value(_STARTED) or 0.0))
            / max(uptime(later) - uptime(earlier), 1e-9)
            for earlier, later in pairwise(self._readings)
        ]
