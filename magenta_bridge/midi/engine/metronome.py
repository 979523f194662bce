"""Ticks at a tempo."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Final

import mido

from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.output.outputs import Outport, as_outport
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, sleep_until

TICK_SECONDS: Final = 0.05
# Melodic tom, counted from 0.
TICK_PROGRAM: Final = 117
TICK_CHANNEL: Final = 1
_TICK_PITCHES: Final = (44, 35, 35, 35)
_SPIN_SECONDS: Final = 0.002

Signals = Sequence[MidiSignal | None]


class Metronome(threading.Thread):
    """Sends a message at each quarter note, from a list that it goes through again and again.

    Threading: safe from any number of threads.

    Args:
        outport: Where the ticks go.
        qpm: Quarter notes per minute.
        start_time: A time that one tick falls on, in seconds of the wall clock. None comes
            before it.
        stop_time: No tick comes after it; None for none.
        program: Program number of the ticks, 0 to 127.
        signals: What to send at each tick in turn, None for nothing; None for a high tick and
            three low ones.
        duration: How long a tick that is a note sounds, in seconds.
        channel: MIDI channel, 0 to 15; None for 1.
    """

    daemon = True

    def __init__(  # noqa: PLR0917 - Magenta's positions
        self,
        outport: mido.ports.BaseOutput | Outport,
        qpm: float,
        start_time: float,
        stop_time: float | None = None,
        program: int = TICK_PROGRAM,
        signals: Signals | None = None,
        duration: float = TICK_SECONDS,
        channel: int | None = None,
    ) -> None:
        super().__init__()
        self._outport = as_outport(outport)
        self._changed = threading.Condition()
        self._sound: tuple[int, int] | None = None
        self.update(qpm, start_time, stop_time, program, signals, duration, channel)

    def update(  # noqa: PLR0917 - Magenta's positions
        self,
        qpm: float,
        start_time: float,
        stop_time: float | None = None,
        program: int = TICK_PROGRAM,
        signals: Signals | None = None,
        duration: float = TICK_SECONDS,
        channel: int | None = None,
    ) -> None:
        """Goes on with other options; arguments as for the constructor."""
        with self._changed:
            self._channel = TICK_CHANNEL if channel is None else channel
            if self._sound != (self._channel, program):
                self._sound = (self._channel, program)
                self._outport.send(
                    mido.Message("program_change", program=program, channel=self._channel)
                )
            self._period = 60.0 / qpm
            self._start_time = STEADY_CLOCK.heard(start_time)
            self._stop_time = math.inf if stop_time is None else STEADY_CLOCK.heard(stop_time)
            self._messages = _messages_of(signals, self._channel)
            self._duration = duration
            self._changed.notify_all()

    def run(self) -> None:
        """Ticks until the time to stop."""
        raise_priority()
        after = -math.inf
        while (tick := self._wait_for_tick(after)) is not None:
            after, message = tick
            sleep_until(after)
            if message is None:
                continue
            self._outport.send(message, due=STEADY_CLOCK.monotonic(after))
            if message.type == "note_on":
                sleep_until(after + self._duration)
                self._outport.send(
                    mido.Message("note_off", note=message.note, channel=message.channel)
                )

    def stop(self, stop_time: float = 0, block: bool = True) -> None:
        """Ends the ticking.

        Args:
            stop_time: No tick comes after it, in seconds of the wall clock; at once by default.
            block: Whether to wait for the thread.
        """
        with self._changed:
            self._stop_time = STEADY_CLOCK.heard(stop_time)
            self._changed.notify_all()
        if block and self.is_alive():
            self.join()

    def _wait_for_tick(self, after: float) -> tuple[float, mido.Message | None] | None:
        """Waits until the next tick is nearly due.

        Args:
            after: When the tick before was, on the steady wall clock.

        Returns:
            Its time and message; None when no more comes.
        """
        with self._changed:
            # Half a period, so that a tempo that changes on a tick does not repeat the tick.
            earliest = max(STEADY_CLOCK.now() - _SPIN_SECONDS, after + self._period / 2)
            while True:
                number = max(0, math.ceil((earliest - self._start_time) / self._period))
                due = self._start_time + number * self._period
                if due > self._stop_time:
                    return None
                remaining = due - STEADY_CLOCK.now() - _SPIN_SECONDS
                if remaining <= 0:
                    return due, self._messages[number % len(self._messages)]
                self._changed.wait(remaining)


def _messages_of(signals: Signals | None, channel: int) -> list[mido.Message | None]:
    if signals is None:
        return [
            mido.Message("note_on", note=n, velocity=64, channel=channel) for n in _TICK_PITCHES
        ]
    return [signal and signal.to_message().copy(channel=channel) for signal in signals]
