"""Tempo and beat of Ableton Link, for those who install aalink themselves.

Link and aalink are under the GNU General Public License, version 2 and 3, so that neither is a
part or a dependency of Magenta Bridge.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from typing import Any

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.midi.tempo import check_tempo


class LinkTempo:
    """The session that all Link programs of the local network share: a ``tempo.TempoSource``.

    Threading: any thread.

    Args:
        qpm: The tempo when nobody else is there.
        now: Tells the time in seconds of the player's clock.

    Raises:
        UnsupportedError: aalink is not installed.
    """

    def __init__(self, qpm: float = 120.0, now: Callable[[], float] = time.monotonic) -> None:
        try:
            aalink: Any = importlib.import_module("aalink")
        except ImportError as error:
            raise UnsupportedError(
                "Ableton Link needs aalink, which its license (GPL-3) keeps out of Magenta "
                "Bridge; install it with: pip install aalink"
            ) from error
        self._now = now
        # aalink calls back on a loop; nothing is asked of this one.
        self._loop = asyncio.new_event_loop()
        self._link = aalink.Link(check_tempo(qpm), self._loop)
        self._link.enabled = True

    @property
    def running(self) -> bool:
        """Always: a session has a beat from its beginning to its end."""
        return True

    @property
    def qpm(self) -> float:
        """Quarter notes in a minute."""
        return float(self._link.tempo)

    def beat_at(self, time: float) -> float:
        """Returns the beat at a time, in seconds of the clock."""
        return float(self._link.beat) + (time - self._now()) * self.qpm / 60.0

    def time_at(self, beat: float) -> float:
        """Returns when a beat is, in seconds of the clock, if the tempo stays."""
        return self._now() + (beat - float(self._link.beat)) * 60.0 / self.qpm

    def change(self, qpm: float) -> None:
        """Sets the tempo for everybody in the session.

        Raises:
            InvalidArgumentError: The tempo is not between 1 and 1000.
        """
        self._link.tempo = check_tempo(qpm)

    def close(self) -> None:
        """Leaves the session."""
        self._link.enabled = False
        self._loop.close()
