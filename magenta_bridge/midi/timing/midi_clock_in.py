"""The incoming MIDI clock: 24 ticks per quarter note, start, stop, continue and song position.

The messages follow the MIDI 1.0 specification: positions count sixteenth notes, and the first tick
after a start is the first moment of the song.
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
    """Follows the incoming MIDI clock: a ``tempo.TempoSource``.

    Single ticks arrive up to some milliseconds early or late. The tempo is the median slope over
    the ticks of the last two beats, taken between ticks half of that apart (the Theil-Sen
    estimator), and the position is the median of the positions that these ticks imply. When six
    consecutive ticks all deviate in one direction by more than jitter, the tempo has changed and
    earlier ticks are discarded.

    Threading: ``receive`` by one thread, the rest by any.

    Args:
        qpm: The tempo until enough ticks have arrived.
        now: Returns the current time in seconds, on the clock of the messages.
    """

    _MAX_TICKS = 2 * TICKS_PER_BEAT
    _MIN_TICKS = 7
    _CHANGED_TICKS = 6
    _JITTER_S = 0.003
    _SILENT_S = 0.5

    def __init__(self, qpm: float = 120.0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._period_s = 60.0 / qpm / TICKS_PER_BEAT
        self._ticks: deque[tuple[int, float]] = deque(maxlen=self._MAX_TICKS)
        self._count = 0  # of all ticks
        self._zero = 0  # the tick at beat 0 of the song
        self._fit = (0.0, 0.0)  # a tick and its estimated time
        self._started = False
        self._position = 0
        self._deviations: deque[float] = deque(maxlen=self._CHANGED_TICKS)

    @property
    def running(self) -> bool:
        """Whether the song was started and ticks are arriving."""
        with self._lock:
            arriving = bool(self._ticks) and self._now() - self._ticks[-1][1] < self._SILENT_S
            return self._started and arriving

    @property
    def qpm(self) -> float:
        """Quarter notes per minute."""
        return 60.0 / (self._period_s * TICKS_PER_BEAT)

    def beat_at(self, time: float) -> float:
        """Return the beat of the song at a time, in seconds of the clock."""
        with self._lock:
            if not self._started:
                return self._position / TICKS_PER_BEAT
            tick, at = self._fit
            return (tick - self._zero + (time - at) / self._period_s) / TICKS_PER_BEAT

    def time_at(self, beat: float) -> float:
        """Return the time of a beat at the current tempo, in seconds of the clock."""
        with self._lock:
            tick, at = self._fit
            return at + (beat * TICKS_PER_BEAT + self._zero - tick) * self._period_s

    def receive(self, message: Message) -> None:
        """Process a message that arrived at ``message.time``; ignores non-clock messages."""
        with self._lock:
            if message.type == "clock":
                self._tick(message.time)
            elif message.type in ("start", "continue"):
                # The next tick is the first of the song: its number is the count so far.
                self._zero = self._count - (self._position if message.type == "continue" else 0)
                self._started = True
            elif message.type == "stop":
                if self._started:
                    self._position = self._count - self._zero
                self._started = False
            elif message.type == "songpos":
                self._position = message.pos * TICKS_PER_SIXTEENTH
                if self._started:
                    self._zero = self._count - self._position

    def _tick(self, at: float) -> None:
        if self._ticks and at - self._ticks[-1][1] > self._SILENT_S:
            self._ticks.clear()
            self._deviations.clear()
        self._ticks.append((self._count, at))
        self._count += 1
        self._detect_change(at)
        self._estimate()

    def _detect_change(self, at: float) -> None:
        """Discard the old tempo when six consecutive ticks deviate by more than jitter."""
        if len(self._ticks) < self._MIN_TICKS:
            return
        tick, fitted = self._fit
        self._deviations.append(at - fitted - (self._count - 1 - tick) * self._period_s)
        if len(self._deviations) < self._CHANGED_TICKS:
            return
        if min(self._deviations) > self._JITTER_S or max(self._deviations) < -self._JITTER_S:
            recent = list(self._ticks)[-self._MIN_TICKS :]
            self._ticks.clear()
            self._ticks.extend(recent)
            self._deviations.clear()

    def _estimate(self) -> None:
        ticks = list(self._ticks)
        if len(ticks) >= self._MIN_TICKS:
            apart = len(ticks) // 2
            self._period_s = statistics.median(
                (ticks[i + apart][1] - ticks[i][1]) / apart for i in range(len(ticks) - apart)
            )
        last = ticks[-1][0]
        self._fit = (
            float(last),
            statistics.median(at + (last - tick) * self._period_s for tick, at in ticks),
        )
