"""The outgoing MIDI clock, which other devices follow; messages as in ``midi_clock_in``."""

from __future__ import annotations

import math
import threading
from typing import Final

import mido

from magenta_bridge.midi.output.note_output import Outport
from magenta_bridge.midi.timing.midi_clock_in import TICKS_PER_BEAT, TICKS_PER_SIXTEENTH
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import SPIN_S, STEADY_CLOCK, SteadyClock
from magenta_bridge.midi.timing.tempo import TempoSource

# Polling interval for tempo, transport and position.
_POLL_S: Final = 0.01
_LAST_POSITION: Final = (1 << 14) - 1
# A tick that is due within this, in ticks, is due now.
_NOW: Final = 1e-3
# A song starts with a tick that was just missed rather than with a later one.
_JUST_MISSED: Final = 1.0
# The position was moved if it is this many ticks away from the expected one.
_MOVED_TICKS: Final = 2 * TICKS_PER_SIXTEENTH


class MidiClockOut(threading.Thread):
    """Sends the MIDI clock of a tempo source.

    A song that starts sends a start message; one that continues elsewhere sends its position and a
    continue message at the next sixteenth note. While the song is stopped, ticks continue, as
    devices that follow the tempo expect. No tick is ever skipped, so positions stay correct.

    Threading: safe from any number of threads.

    Args:
        outport: The output.
        source: Tempo and position on the monotonic clock.
        clock: The clock.
    """

    def __init__(
        self, outport: Outport, source: TempoSource, *, clock: SteadyClock = STEADY_CLOCK
    ) -> None:
        super().__init__(name="midi-clock", daemon=True)
        self._outport = outport
        self._source = source
        self._clock = clock
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._rolling = False
        self._tick = 0
        self._idle_due = -math.inf

    def run(self) -> None:
        """Send each tick when it is due, until ``close``."""
        raise_priority()
        while not self._ended.is_set():
            due = self.step()
            now = self._clock.monotonic()
            sleep_s = min(due - now - SPIN_S, _POLL_S)
            if sleep_s > 0:
                self._ended.wait(sleep_s)
            elif due > now:
                self._clock.sleep_until(self._clock.from_monotonic(due))

    def step(self) -> float:
        """Send what is due now.

        Returns:
            When the next tick is due, in monotonic seconds.
        """
        with self._lock:
            now = self._clock.monotonic()
            if self._ended.is_set():
                return math.inf
            return self._roll(now) if self._source.running else self._idle(now)

    def close(self) -> None:
        """Stop the song and send no more ticks."""
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

    def _idle(self, now: float) -> float:
        period_s = 60.0 / self._source.qpm / TICKS_PER_BEAT
        if self._rolling:
            self._rolling = False
            self._send("stop")
            self._idle_due = now + period_s
        if now >= self._idle_due:
            self._send("clock")
            late = now - self._idle_due
            self._idle_due = (now if late > period_s else self._idle_due) + period_s
        return self._idle_due

    def _send(self, kind: str) -> None:
        self._outport.send(mido.Message(kind))
