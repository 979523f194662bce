"""The MIDI beat clock that comes in: 24 ticks in a quarter note, start, stop, continue, position.

The messages are those of the MIDI 1.0 specification: a position is counted in sixteenths, and
the first tick after a start is the first moment of the song.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mido import Message

TICKS_PER_BEAT: Final = 24
TICKS_PER_SIXTEENTH: Final = 6


class MidiClockIn:
    """Follows the beat clock that comes in: a ``tempo.TempoSource``.

    Single ticks come up to some milliseconds early or late. The tempo is the median slope over
    the ticks of the last two beats, taken between ticks that are half of them apart (after
    Theil and Sen), and the position is the median of what these ticks say of now. When six
    ticks in a row all come on the same side of what was expected, by more than jitter, the
    tempo has changed, and what came before them is forgotten.

    Threading: ``receive`` by one thread, the rest by any.

    Args:
        qpm: The tempo until enough ticks have come.
        now: Tells the time in seconds, on the clock of the messages.
    """

    _MOST_TICKS = 2 * TICKS_PER_BEAT
    _FEWEST_TICKS = 7
    _CHANGED_TICKS = 6
    _JITTER_S = 0.003
    _SILENT_S = 0.5

    def __init__(self, qpm: float = 120.0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._period_s = 60.0 / qpm / TICKS_PER_BEAT
        self._ticks: deque[tuple[int, float]] = deque(maxlen=self._MOST_TICKS)
        self._count = 0  # of all ticks
        self._zero = 0  # the tick that was beat 0 of the song
        self._fit = (0.0, 0.0)  # a tick, and when it was by all that we know
        self._started = False
        self._position = 0
        self._off: deque[float] = deque(maxlen=self._CHANGED_TICKS)

    @property
    def running(self) -> bool:
        """Whether the song was started and its ticks still come."""
        with self._lock:
            heard = bool(self._ticks) and self._now() - self._ticks[-1][1] < self._SILENT_S
            return self._started and heard

    @property
    def qpm(self) -> float:
        """Quarter notes in a minute."""
        return 60.0 / (self._period_s * TICKS_PER_BEAT)

    def beat_at(self, time: float) -> float:
        """Returns the beat of the song at a time, in seconds of the clock."""
        with self._lock:
            if not self._started:
                return self._position / TICKS_PER_BEAT
            tick, at = self._fit
            return (tick - self._zero + (time - at) / self._period_s) / TICKS_PER_BEAT

    def time_at(self, beat: float) -> float:
        """Returns when a beat of the song is, in seconds of the clock, if the tempo stays."""
        with self._lock:
            tick, at = self._fit
            return at + (beat * TICKS_PER_BEAT + self._zero - tick) * self._period_s

    def receive(self, message: Message) -> None:
        """Takes a message that came at ``message.time``; other than clock's mean nothing."""
        with self._lock:
            if message.type == "clock":
                self._tick(message.time)
            elif message.type == "start":
                self._begin(0)
            elif message.type == "continue":
                self._begin(self._position)
            elif message.type == "stop":
                self._stop()
            elif message.type == "songpos":
                self._locate(message.pos * TICKS_PER_SIXTEENTH)

    def _begin(self, position: int) -> None:
        # The next tick is the song's first: its number is the count of those before.
        self._zero = self._count - position
        self._started = True

    def _stop(self) -> None:
        if self._started:
            self._position = self._count - self._zero
        self._started = False

    def _locate(self, position: int) -> None:
        self._position = position
        if self._started:
            self._zero = self._count - position

    def _tick(self, at: float) -> None:
        if self._ticks and at - self._ticks[-1][1] > self._SILENT_S:
            self._ticks.clear()
            self._off.clear()
        self._ticks.append((self._count, at))
        self._count += 1
        self._notice_change(at)
        self._estimate()

    def _notice_change(self, at: float) -> None:
        """Forgets the old tempo once six ticks in a row are off by more than jitter."""
        if len(self._ticks) < self._FEWEST_TICKS:
            return
        tick, fitted = self._fit
        self._off.append(at - fitted - (self._count - 1 - tick) * self._period_s)
        if len(self._off) < self._CHANGED_TICKS:
            return
        if min(self._off) > self._JITTER_S or max(self._off) < -self._JITTER_S:
            recent = list(self._ticks)[-self._FEWEST_TICKS :]
            self._ticks.clear()
            self._ticks.extend(recent)
            self._off.clear()

    def _estimate(self) -> None:
        ticks = list(self._ticks)
        if len(ticks) >= self._FEWEST_TICKS:
            apart = len(ticks) // 2
            self._period_s = statistics.median(
                (ticks[i + apart][1] - ticks[i][1]) / apart for i in range(len(ticks) - apart)
            )
        last = ticks[-1][0]
        self._fit = (
            float(last),
            statistics.median(at + (last - tick) * self._period_s for tick, at in ticks),
        )
