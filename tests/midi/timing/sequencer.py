"""The messages that a sequencer sends while it plays, loops, jumps and stalls."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import mido

from magenta_bridge.midi.timing.midi_clock_in import TICKS_PER_BEAT, MidiClockIn
from magenta_bridge.midi.timing.steady_clock import SPIN_S
from magenta_bridge.midi.timing.ticks import BarTicks
from tests.midi.virtual_clock import VirtualClock


class Sequencer:
    """Writes messages with their times of arrival.

    Args:
        qpm: Tempo.
        jitter_s: Maximum deviation of a tick, in seconds.
    """

    def __init__(self, qpm: float = 120.0, jitter_s: float = 0.0) -> None:
        self.now = 1000.0
        self.qpm = qpm
        self.messages: list[mido.Message] = []
        self._jitter_s = jitter_s
        self._chance = random.Random(7)  # noqa: S311

    def send(self, kind: str, **values: int) -> None:
        """Send a message now."""
        self.messages.append(mido.Message(kind, time=self.now, **values))

    def play(self, beats: float) -> None:
        """Send the ticks of some quarter notes."""
        for _ in range(round(beats * TICKS_PER_BEAT)):
            jitter = self._chance.uniform(-self._jitter_s, self._jitter_s)
            self.messages.append(mido.Message("clock", time=self.now + jitter))
            self.now += 60.0 / self.qpm / TICKS_PER_BEAT

    def jump(self, beat: float, *, stops: bool = False) -> None:
        """Jump to a beat as Live does, a little before the first tick there."""
        if stops:
            self.send("stop")
        self.send("songpos", pos=round(4 * beat))
        self.send("continue")

    def hold_up(self, seconds: float, spacing_s: float = 0.0) -> None:
        """Let the ticks of the last seconds arrive together, at their end."""
        begin = self.now - seconds
        late = [each for each in self.messages if each.time > begin and each.type == "clock"]
        for number, message in enumerate(late):
            message.time = self.now + number * spacing_s


class SequencedClock(VirtualClock):
    """A clock that delivers the messages of a sequencer to a follower as it advances.

    Args:
        sequencer: The messages.
        beats: Quarter notes per bar.
    """

    def __init__(self, sequencer: Sequencer, beats: float = 4.0) -> None:
        super().__init__(999.0)
        self.source = MidiClockIn(now=self.now)
        self.ticks = BarTicks(self.source, beats, clock=self)
        self.end = sequencer.now
        self._coming = list(sequencer.messages)
        for before, after in pairwise(self._coming):
            after.time = max(after.time, before.time)
        self._coming.reverse()

    def wait(self, condition: threading.Condition, until: float | None) -> None:
        """Advance to the next message or until a time."""
        assert until is not None
        if self._coming and self._coming[-1].time <= until:
            message = self._coming.pop()
            super().wait(condition, message.time)
            self.source.receive(message)
        else:
            super().wait(condition, until)

    def lines(self, until: float | None = None) -> list[float]:
        """Return the times of all ticks until a time or the last message."""
        end, found = self.end if until is None else until, list[float]()
        while self.now() + SPIN_S < end:
            tick = self.ticks.wait(end)
            if tick is not None:
                found.append(tick)
            elif self.ticks.expected is None:
                self.advance_stopped(end)
        return found

    def advance_stopped(self, end: float) -> None:
        """Advance past the next message of a song that is not playing."""
        self.wait(threading.Condition(), min(self.now() + 0.02, end))
