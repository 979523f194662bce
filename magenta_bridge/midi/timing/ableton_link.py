"""Tempo, beat and transport of an Ableton Link session, through an optional library.

Ableton Link is licensed under the GNU General Public License, version 2 or later, or under a
license from Ableton. LinkPython-extern, the library loaded here, is in the public domain and
contains Link. Neither is part of Magenta Bridge or installed by default.
"""

from __future__ import annotations

import importlib
import threading
import time
from typing import Any

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.midi.timing.tempo import check_tempo

_MICROSECONDS = 1e6


class LinkTempo:
    """The session shared by all Link programs on the local network: a ``tempo.TempoSource``.

    Beats are counted from a bar line that all programs of the session share. The song plays until
    a program of the session stops it; programs that do not share start and stop share only the
    beat.

    Threading: any thread.

    Args:
        qpm: The tempo if no other program is in the session, 1 to 1000.
        beats: Quarter notes per bar.

    Raises:
        InvalidArgumentError: The tempo is out of range.
        UnsupportedError: The library is not installed.
    """

    def __init__(self, qpm: float = 120.0, beats: float = 4.0) -> None:
        library = _library()
        self._beats = float(beats)
        self._transport_used = threading.Event()
        self._link = library.Link(check_tempo(qpm))
        self._clock = self._link.clock()
        self._link.setStartStopCallback(lambda _playing: self._transport_used.set())
        self._link.startStopSyncEnabled = True
        self._link.enabled = True

    @property
    def running(self) -> bool:
        """Whether the song is playing: True until a program of the session stops it."""
        return not self._transport_used.is_set() or bool(self._state().isPlaying())

    @property
    def waiting_for(self) -> str:
        """What the song is waiting for; empty if nothing."""
        return "" if self.running else "play in the Link session"

    @property
    def qpm(self) -> float:
        """Quarter notes per minute."""
        return float(self._state().tempo())

    @property
    def peers(self) -> int:
        """The number of other programs in the session."""
        return int(self._link.numPeers())

    def beat_at(self, time: float) -> float:
        """Return the beat at a monotonic time in seconds."""
        return float(self._state().beatAtTime(self._micros(time), self._beats))

    def time_at(self, beat: float) -> float:
        """Return the monotonic time of a beat at the current tempo, in seconds."""
        micros = self._state().timeAtBeat(beat, self._beats)
        return time.monotonic() + float(micros - self._clock.micros()) / _MICROSECONDS

    def change(self, qpm: float) -> None:
        """Set the tempo of the session.

        Raises:
            InvalidArgumentError: The tempo is not between 1 and 1000.
        """
        state = self._state()
        state.setTempo(check_tempo(qpm), self._clock.micros())
        self._link.commitAppSessionState(state)

    def play(self, *, playing: bool) -> None:
        """Start or stop the song for all programs of the session that share start and stop."""
        state = self._state()
        state.setIsPlaying(playing, self._clock.micros())
        self._transport_used.set()
        self._link.commitAppSessionState(state)

    def close(self) -> None:
        """Leave the session."""
        self._link.enabled = False

    def _state(self) -> Any:  # noqa: ANN401 - the optional library has no types
        return self._link.captureAppSessionState()

    def _micros(self, time_s: float) -> int:
        return max(0, int(self._clock.micros() + (time_s - time.monotonic()) * _MICROSECONDS))


def _library() -> Any:  # noqa: ANN401
    """Import the library on first use."""
    install = "install it with: pip install LinkPython-extern"
    try:
        library = importlib.import_module("link")
    except ImportError as error:
        raise UnsupportedError(
            "Ableton Link requires LinkPython-extern, which is not part of Magenta Bridge because "
            f"of Link's license (GPL); {install}"
        ) from error
    if not hasattr(library, "Link"):
        raise UnsupportedError(f"The module 'link' ({library!r}) is not Ableton Link; {install}")
    return library
