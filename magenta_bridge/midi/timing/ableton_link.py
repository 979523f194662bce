"""Tempo, beat and transport of Ableton Link, for those who install its library themselves.

Link is under the GNU General Public License, version 2 or later, or a license of Ableton's. The
library that is asked for here, LinkPython-extern, is free of conditions itself and brings Link
along. Neither is a part of Magenta Bridge, or installed unless somebody asks for it.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from typing import Any

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.midi.timing.tempo import check_tempo

_MICROSECONDS = 1e6


class LinkTempo:
    """The session that all Link programs of the local network share: a ``tempo.TempoSource``.

    Beats are counted from a bar line that all programs of the session have in common, whenever
    they joined. The song goes on until somebody stops it: programs that do not share start and
    stop share the beat alone.

    Threading: any thread.

    Args:
        qpm: The tempo when nobody else is there.
        beats: Quarter notes in a bar.
        now: Tells the time in seconds of the player's clock.

    Raises:
        InvalidArgumentError: The tempo is not between 1 and 1000.
        UnsupportedError: The library is not installed.
    """

    def __init__(
        self, qpm: float = 120.0, beats: int = 4, now: Callable[[], float] = time.monotonic
    ) -> None:
        library = _library()
        self._beats = float(beats)
        self._now = now
        self._transport_used = threading.Event()
        self._link = library.Link(check_tempo(qpm))
        self._clock = self._link.clock()
        self._link.setStartStopCallback(lambda _playing: self._transport_used.set())
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    @property
    def running(self) -> bool:
        """Whether the song goes on: True until somebody in the session has stopped it."""
        return not self._transport_used.is_set() or bool(self._state().isPlaying())

    @property
    def qpm(self) -> float:
        """Quarter notes in a minute."""
        return float(self._state().tempo())

    @property
    def peers(self) -> int:
        """How many other programs are in the session."""
        return int(self._link.numPeers())

    def beat_at(self, time: float) -> float:
        """Returns the beat at a time, in seconds of the clock."""
        return float(self._state().beatAtTime(self._micros(time), self._beats))

    def time_at(self, beat: float) -> float:
        """Returns when a beat is, in seconds of the clock, if the tempo stays."""
        micros = self._state().timeAtBeat(beat, self._beats)
        return self._now() + float(micros - self._clock.micros()) / _MICROSECONDS

    def change(self, qpm: float) -> None:
        """Sets the tempo for everybody in the session.

        Raises:
            InvalidArgumentError: The tempo is not between 1 and 1000.
        """
        state = self._state()
        state.setTempo(check_tempo(qpm), self._clock.micros())
        self._link.commitAppSessionState(state)

    def play(self, *, playing: bool) -> None:
        """Starts or stops the song for everybody in the session who shares start and stop."""
        state = self._state()
        state.setIsPlaying(playing, self._clock.micros())
        self._transport_used.set()
        self._link.commitAppSessionState(state)

    def close(self) -> None:
        """Leaves the session."""
        self._link.enabled = False

    def _state(self) -> Any:  # noqa: ANN401 - the library is not there for the type checker
        return self._link.captureAppSessionState()

    def _micros(self, time: float) -> int:
        return max(0, int(self._clock.micros() + (time - self._now()) * _MICROSECONDS))


def _library() -> Any:  # noqa: ANN401
    """Returns the library, loaded only now that somebody wants it."""
    try:
        library = importlib.import_module("link")
    except ImportError as error:
        raise UnsupportedError(
            "Ableton Link needs LinkPython-extern, which the license of Link in it (GPL) keeps out "
            "of Magenta Bridge; install it with: pip install LinkPython-extern"
        ) from error
    if not hasattr(library, "Link"):
        raise UnsupportedError(
            f"The module 'link' that Python finds ({library!r}) is not Ableton Link; "
            "install it with: pip install LinkPython-extern"
        )
    return library
