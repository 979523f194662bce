"""Where in the music a moment is: beats for seconds, from a clock of ours or of others."""

from __future__ import annotations

import threading
from typing import Protocol

from magenta_bridge.errors import InvalidArgumentError

SLOWEST_QPM = 1.0
FASTEST_QPM = 1000.0
# What a controller at 0 sets; each value is one more.
SLOWEST_CONTROLLED_QPM = 60


class TempoSource(Protocol):
    """Tells tempo and position; beats are quarter notes since the start of the song."""

    @property
    def running(self) -> bool:
        """Whether the song goes on."""

    @property
    def qpm(self) -> float:
        """Quarter notes in a minute."""

    def beat_at(self, time: float) -> float:
        """Returns the beat at a time, in seconds of the clock."""

    def time_at(self, beat: float) -> float:
        """Returns when a beat is, in seconds of the clock, if the tempo stays."""


class InternalClock:
    """A tempo of our own, which may change at any moment without a jump in position.

    Threading: any thread.

    Args:
        qpm: Quarter notes in a minute.
        start: When beat 0 is, in seconds of the clock.

    Raises:
        InvalidArgumentError: The tempo is not between 1 and 1000.
    """

    def __init__(self, qpm: float, start: float) -> None:
        self._lock = threading.Lock()
        self._line = (check_tempo(qpm), start, 0.0)

    @property
    def running(self) -> bool:
        """Always."""
        return True

    @property
    def qpm(self) -> float:
        """Quarter notes in a minute."""
        return self._line[0]

    def beat_at(self, time: float) -> float:
        """Returns the beat at a time, in seconds of the clock; below 0 before the start."""
        qpm, anchor_time, anchor_beat = self._line
        return anchor_beat + (time - anchor_time) * qpm / 60.0

    def time_at(self, beat: float) -> float:
        """Returns when a beat is, in seconds of the clock, if the tempo stays."""
        qpm, anchor_time, anchor_beat = self._line
        return anchor_time + (beat - anchor_beat) * 60.0 / qpm

    def change(self, qpm: float, time: float) -> None:
        """Sets the tempo from a moment on, in seconds of the clock.

        Raises:
            InvalidArgumentError: The tempo is not between 1 and 1000.
        """
        check_tempo(qpm)
        with self._lock:
            self._line = (qpm, time, self.beat_at(time))

    def anchor(self, beat: float, time: float) -> None:
        """Says when a beat is, in seconds of the clock; the tempo stays."""
        with self._lock:
            self._line = (self._line[0], time, beat)


def check_tempo(qpm: float) -> float:
    """Returns a tempo that can be played.

    Raises:
        InvalidArgumentError: It is not between 1 and 1000 quarter notes in a minute.
    """
    if not SLOWEST_QPM <= qpm <= FASTEST_QPM:
        raise InvalidArgumentError(
            f"A tempo of {qpm:g} quarter notes in a minute cannot be played; choose one from "
            f"{SLOWEST_QPM:g} to {FASTEST_QPM:g}."
        )
    return qpm
