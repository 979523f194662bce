"""Tempo and song position: converts between beats and seconds."""

from __future__ import annotations

import threading
from typing import Protocol

from magenta_bridge.errors import InvalidArgumentError

SLOWEST_QPM = 1.0
FASTEST_QPM = 1000.0
# The range of Ableton Live; a measured tempo beyond it is an error of measurement.
SLOWEST_MEASURED_QPM = 20.0
FASTEST_MEASURED_QPM = 999.0
# The tempo that a controller sets at value 0; each further value adds 1.
SLOWEST_CONTROLLED_QPM = 60


class TempoSource(Protocol):
    """Tempo and position of a song; beats are quarter notes since its start."""

    @property
    def running(self) -> bool:
        """Whether the song is playing."""

    @property
    def waiting_for(self) -> str:
        """What the song or its bar line is waiting for; empty if nothing."""

    @property
    def qpm(self) -> float:
        """Quarter notes per minute."""

    def beat_at(self, time: float) -> float:
        """Return the beat at a time, in seconds of the clock."""

    def time_at(self, beat: float) -> float:
        """Return the time of a beat at the current tempo, in seconds of the clock."""


class InternalClock:
    """A tempo set by this program; it can change at any time without a jump in position.

    Threading: any thread.

    Args:
        qpm: Quarter notes per minute, 1 to 1000.
        start: The time of beat 0, in seconds of the clock.

    Raises:
        InvalidArgumentError: The tempo is out of range.
    """

    def __init__(self, qpm: float, start: float) -> None:
        self._lock = threading.Lock()
        self._line = (check_tempo(qpm), start, 0.0)

    @property
    def running(self) -> bool:
        """Always True."""
        return True

    @property
    def waiting_for(self) -> str:
        """Nothing."""
        return ""

    @property
    def qpm(self) -> float:
        """Quarter notes per minute."""
        return self._line[0]

    def beat_at(self, time: float) -> float:
        """Return the beat at a time, in seconds of the clock; negative before the start."""
        qpm, anchor_time, anchor_beat = self._line
        return anchor_beat + (time - anchor_time) * qpm / 60.0

    def time_at(self, beat: float) -> float:
        """Return the time of a beat at the current tempo, in seconds of the clock."""
        qpm, anchor_time, anchor_beat = self._line
        return anchor_time + (beat - anchor_beat) * 60.0 / qpm

    def change(self, qpm: float, time: float) -> None:
        """Set the tempo from a time on, in seconds of the clock.

        Raises:
            InvalidArgumentError: The tempo is not between 1 and 1000.
        """
        check_tempo(qpm)
        with self._lock:
            self._line = (qpm, time, self.beat_at(time))

    def anchor(self, beat: float, time: float) -> None:
        """Set the time of a beat, in seconds of the clock; the tempo stays."""
        with self._lock:
            self._line = (self._line[0], time, beat)


def check_tempo(qpm: float) -> float:
    """Return the tempo if it is in range.

    Raises:
        InvalidArgumentError: It is not between 1 and 1000 quarter notes per minute.
    """
    if not SLOWEST_QPM <= qpm <= FASTEST_QPM:
        raise InvalidArgumentError(
            f"The tempo {qpm:g} qpm is out of range; choose one between {SLOWEST_QPM:g} and "
            f"{FASTEST_QPM:g}."
        )
    return qpm
