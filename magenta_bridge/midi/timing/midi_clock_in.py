"""The incoming MIDI clock: 24 ticks per quarter note, start, stop, continue and song position.

The messages follow the MIDI 1.0 specification: positions count sixteenth notes, and the first tick
after a start is the first moment of the song.
"""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from magenta_bridge.midi.timing.tempo import FASTEST_MEASURED_QPM, SLOWEST_MEASURED_QPM

if TYPE_CHECKING:
    from mido import Message

TICKS_PER_BEAT: Final = 24
TICKS_PER_SIXTEENTH: Final = 6
_LONGEST_S: Final = 60.0 / SLOWEST_MEASURED_QPM / TICKS_PER_BEAT
_SHORTEST_S: Final = 60.0 / FASTEST_MEASURED_QPM / TICKS_PER_BEAT


class MidiClockIn:
    """Follows the incoming MIDI clock: a ``tempo.TempoSource``.

    Single ticks arrive some milliseconds early or late. The tempo is the median slope over the
    ticks of the last four beats, taken between ticks half of that apart (the Theil-Sen estimator),
    and the position is the median of the positions that these ticks imply. When six consecutive
    ticks deviate in one direction by more than the usual jitter, the tempo has changed and earlier
    ticks are discarded. Ticks that were held up and arrive together count for the position, but
    not for the tempo.

    If ticks arrive without a start, the song runs from the next quarter note on: the program may
    have joined a song that was playing. Its bar line is unknown until a song position, a start, or
    ``set_bar``.

    Threading: ``receive`` by one thread, the rest by any.

    Args:
        qpm: The tempo until enough ticks have arrived.
        now: Returns the current time in seconds, on the clock of the messages.
    """

    _MAX_TICKS = 4 * TICKS_PER_BEAT
    _MIN_TICKS = 7
    _CHANGED_TICKS = 6
    _JITTER_S = 0.003
    # Deviations beyond this multiple of the median deviation are not jitter.
    _OUTSIDE_JITTER = 2.5
    _SILENT_S = 1.5
    # Sequencers send stop, position and continue at the end of a loop.
    _RESUMED_S = 0.03
    # A gap of more ticks, and of more seconds, is a clock that was held up.
    _HELD_TICKS = 4
    _HELD_S = 0.08

    def __init__(self, qpm: float = 120.0, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._period_s = 60.0 / qpm / TICKS_PER_BEAT
        self._ticks: deque[tuple[int, float]] = deque(maxlen=self._MAX_TICKS)
        self._count = 0  # of all ticks
        self._latest = -math.inf  # when the last tick arrived
        self._was_long = False  # whether the last gap was that of a clock that was held up
        self._zero = 0  # the tick at beat 0 of the song
        self._fit = (0.0, 0.0)  # a tick and its estimated time
        self._jitter_s = self._JITTER_S
        self._deviations: deque[float] = deque(maxlen=self._CHANGED_TICKS)
        self._started = False
        self._stopped_at = -math.inf
        self._position = 0
        # The number of ticks until the song runs without a start; None after any transport message.
        self._joins_in: int | None = TICKS_PER_BEAT
        self._is_bar_known = False

    @property
    def running(self) -> bool:
        """Whether the song was started and ticks are arriving."""
        with self._lock:
            now = self._now()
            started = self._started or now - self._stopped_at < self._RESUMED_S
            return started and self._is_arriving(now)

    @property
    def waiting_for(self) -> str:
        """What the song or its bar line is waiting for; empty if nothing."""
        with self._lock:
            if not self._is_arriving(self._now()):
                return "MIDI clock"
            if not self._started:
                return "start or continue" if self._joins_in is None else "the next quarter note"
            return "" if self._is_bar_known else "a song position or the bar control"

    @property
    def qpm(self) -> float:
        """Quarter notes per minute, 20 to 999."""
        return 60.0 / (self._period_s * TICKS_PER_BEAT)

    def beat_at(self, time: float) -> float:
        """Return the beat of the song at a time, in seconds of the clock."""
        with self._lock:
            if not self._started:
                return self._position / TICKS_PER_BEAT
            return self._beat_at(time)

    def time_at(self, beat: float) -> float:
        """Return the time of a beat at the current tempo, in seconds of the clock."""
        with self._lock:
            tick, at = self._fit
            return at + (beat * TICKS_PER_BEAT + self._zero - tick) * self._period_s

    def set_bar(self, time: float) -> None:
        """Make the quarter note nearest to a time, in seconds of the clock, a bar line."""
        with self._lock:
            if self._started:
                self._zero += round(self._beat_at(time)) * TICKS_PER_BEAT
                self._is_bar_known = True

    def receive(self, message: Message) -> None:
        """Process a message that arrived at ``message.time``; ignores non-clock messages."""
        with self._lock:
            if message.type == "clock":
                self._tick(message.time)
            elif message.type == "songpos":
                self._position = message.pos * TICKS_PER_SIXTEENTH
                # Without a known stop, the position is that of a song that is playing.
                if self._started or self._joins_in is not None:
                    self._start(self._position)
            elif message.type == "start":
                self._start(0)
            elif message.type == "continue":
                # A song that is playing continues where it is.
                if not self._started:
                    self._start(self._position)
                self._joins_in = None
            elif message.type == "stop":
                if self._started:
                    self._position = self._count - self._zero
                    self._stopped_at = message.time
                self._started, self._joins_in = False, None

    def _start(self, position: int) -> None:
        """Run the song from a position, in ticks, which is that of the next tick."""
        self._zero = self._count - position
        self._started, self._is_bar_known, self._joins_in = True, True, None

    def _is_arriving(self, now: float) -> bool:
        return now - self._latest < self._SILENT_S

    def _beat_at(self, time: float) -> float:
        tick, at = self._fit
        return (tick - self._zero + (time - at) / self._period_s) / TICKS_PER_BEAT

    def _tick(self, at: float) -> None:
        if self._is_arriving(at):
            on_time = self._is_on_time(at)
        else:
            self._ticks.clear()
            self._deviations.clear()
            on_time = True
        self._latest = at
        if on_time:
            self._ticks.append((self._count, at))
            self._detect_change(at)
        self._estimate(self._count)
        self._count += 1
        if self._joins_in is not None:
            self._joins_in -= 1
            if not self._joins_in:
                self._start(0)
                self._is_bar_known = False

    def _is_on_time(self, at: float) -> bool:
        """Return whether a tick arrives when it was sent, and not held up or together with others.

        A tick that comes soon after another is held up if the ticks so far are behind the tempo.
        """
        gap, was_long = at - self._latest, self._was_long
        tick, fitted = self._fit
        behind = tick + (at - fitted) / self._period_s - self._count
        self._was_long = gap > max(self._HELD_TICKS * self._period_s, self._HELD_S)
        if gap < _SHORTEST_S / 2 or (behind >= 1.0 and gap < self._period_s / 2):
            return False
        # Two long gaps in a row are a slow tempo, not a clock that was held up twice.
        return was_long or not self._was_long

    def _detect_change(self, at: float) -> None:
        """Discard the old tempo when six consecutive ticks deviate by more than jitter."""
        if len(self._ticks) <= self._MIN_TICKS:
            return
        tick, fitted = self._fit
        self._deviations.append(at - fitted - (self._count - tick) * self._period_s)
        if len(self._deviations) < self._CHANGED_TICKS:
            return
        jitter_s = max(self._JITTER_S, self._OUTSIDE_JITTER * self._jitter_s)
        if min(self._deviations) > jitter_s or max(self._deviations) < -jitter_s:
            recent = list(self._ticks)[-self._MIN_TICKS :]
            self._ticks.clear()
            self._ticks.extend(recent)
            self._deviations.clear()

    def _estimate(self, latest: int) -> None:
        ticks = list(self._ticks)
        if len(ticks) >= self._MIN_TICKS:
            apart = len(ticks) // 2
            slopes = (
                (at - before) / (tick - first)
                for (first, before), (tick, at) in zip(ticks, ticks[apart:], strict=False)
            )
            self._period_s = min(max(statistics.median(slopes), _SHORTEST_S), _LONGEST_S)
        implied = [at + (latest - tick) * self._period_s for tick, at in ticks]
        middle = statistics.median(implied)
        self._jitter_s = statistics.median(abs(each - middle) for each in implied)
        self._fit = (float(latest), middle)
