"""The MIDI beat clock that goes out: what others play keeps time with us.

The messages are those of the MIDI 1.0 specification, as in ``beat_clock``.
"""

from __future__ import annotations

import math
import threading
from typing import Final

import mido

from magenta_bridge.midi.output.outputs import Outport
from magenta_bridge.midi.timing.midi_clock_in import TICKS_PER_BEAT, TICKS_PER_SIXTEENTH
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, SteadyClock
from magenta_bridge.midi.timing.tempo import TempoSource

# The tempo, the song and its position are looked at this often.
_LOOK_S: Final = 0.01
_SPIN_S: Final = 0.002
_LAST_POSITION: Final = (1 << 14) - 1
# A tick that is due within this, in ticks, is due now.
_NOW: Final = 1e-3
# A song begins with a tick that has just been missed, rather than with a later one.
_JUST_MISSED: Final = 1.0
# Somebody has moved in the song when it is this many ticks from where it should be.
_MOVED_TICKS: Final = 2 * TICKS_PER_SIXTEENTH


class BeatClockOut(threading.Thread):
    """Sends the beat clock of a tempo, whoever keeps that.

    A song that begins is told by a start; one that is gone on with from elsewhere by its position
    and a continue, at the next sixteenth. While it rests the ticks go on, as devices expect that
    follow the tempo. No tick is ever left out, so that positions stay true.

    Threading: safe from any number of threads.

    Args:
        outport: Where the messages go.
        source: Where in the song each moment is.
        wall: Tells the time; its monotonic seconds are those of the source.
    """

    def __init__(
        self, outport: Outport, source: TempoSource, *, wall: SteadyClock = STEADY_CLOCK
    ) -> None:
        super().__init__(name="midi-clock", daemon=True)
        self._outport = outport
        self._source = source
        self._wall = wall
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._rolling = False
        self._tick = 0
        self._rest_due = -math.inf

    def run(self) -> None:
        """Sends each tick when it is due, until ``close``."""
        raise_priority()
        while not self._ended.is_set():
            due = self.step()
            now = self._now()
            asleep_s = min(due - now - _SPIN_S, _LOOK_S)
            if asleep_s > 0:
                self._ended.wait(asleep_s)
            elif due > now:
                self._wall.sleep_until(self._wall.of_monotonic(due))

    def step(self) -> float:
        """Sends what is due by now.

        Returns:
            When the next tick is due, in monotonic seconds.
        """
        with self._lock:
            now = self._now()
            if self._ended.is_set():
                return math.inf
            if self._source.running:
                return self._roll(now)
            return self._rest(now)

    def close(self) -> None:
        """Stops the song, and sends no more."""
        with self._lock:
            self._ended.set()
            if self._rolling:
                self._send("stop")
            self._rolling = False

    def _roll(self, now: float) -> float:
        here = self._source.beat_at(now) * TICKS_PER_BEAT
        if not self._rolling:
            self._begin(here)
        elif abs(here - self._tick) > _MOVED_TICKS:
            self._send("stop")
            self._begin(here)
        while self._tick <= here + _NOW:
            self._send("clock")
            self._tick += 1
        return self._source.time_at(self._tick / TICKS_PER_BEAT)

    def _begin(self, here: float) -> None:
        self._rolling = True
        sixteenth = max(0, math.ceil((here - _JUST_MISSED) / TICKS_PER_SIXTEENTH))
        self._tick = sixteenth * TICKS_PER_SIXTEENTH
        if sixteenth == 0:
            self._send("start")
            return
        self._outport.send(mido.Message("songpos", pos=min(sixteenth, _LAST_POSITION)))
        self._send("continue")

    def _rest(self, now: float) -> float:
        period_s = 60.0 / self._source.qpm / TICKS_PER_BEAT
        if self._rolling:
            self._rolling = False
            self._send("stop")
            self._rest_due = now + period_s
        if now >= self._rest_due:
            self._send("clock")
            late = now - self._rest_due
            self._rest_due = (now if late > period_s else self._rest_due) + period_s
        return self._rest_due

    def _send(self, kind: str) -> None:
        self._outport.send(mido.Message(kind))

    def _now(self) -> float:
        return self._wall.monotonic(self._wall.now())
