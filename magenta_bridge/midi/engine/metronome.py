"""Sends ticks at a tempo."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Final

import mido

from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.output.note_output import Outport, as_outport
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import SPIN_S, STEADY_CLOCK, SteadyClock

TICK_SECONDS: Final = 0.05
# Melodic tom, counted from 0.
TICK_PROGRAM: Final = 117
TICK_CHANNEL: Final = 1
_TICK_VELOCITY: Final = 64
_HIGH_PITCH, _LOW_PITCH = 44, 35

Signals = Sequence[MidiSignal | None]


class Metronome(threading.Thread):
    """Sends a message at each quarter note, cycling through a list.

    Threading: safe from any number of threads.

    Args:
        outport: The output.
        qpm: Quarter notes per minute.
        start_time: The time of the first tick, in seconds of the wall clock; ticks in the past are
            skipped.
        stop_time: No tick is sent after it; None for no limit.
        program: Program number of the ticks, 0 to 127.
        signals: The messages of successive ticks, None for no message; None for one high and three
            low ticks.
        duration: Length of a tick that is a note, in seconds.
        channel: MIDI channel, 0 to 15; None for 1.
        clock: The clock.
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
        *,
        clock: SteadyClock = STEADY_CLOCK,
    ) -> None:
        super().__init__()
        self._clock = clock
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
        """Change the options; arguments as for the constructor."""
        with self._changed:
            self._channel = TICK_CHANNEL if channel is None else channel
            if self._sound != (self._channel, program):
                self._sound = (self._channel, program)
                self._outport.send(
                    mido.Message("program_change", program=program, channel=self._channel)
                )
            self._period = 60.0 / qpm
            self._start_time = self._clock.from_wall_time(start_time)
            self._set_stop_time(stop_time)
            self._messages = _messages_of(signals, self._channel)
            self._duration = duration
            self._changed.notify_all()

    def run(self) -> None:
        """Tick until the stop time."""
        raise_priority()
        after = -math.inf
        while (tick := self._wait_for_tick(after)) is not None:
            after, message = tick
            self._clock.sleep_until(after)
            if message is None:
                continue
            self._outport.send(message, due=self._clock.to_monotonic(after))
            if message.type == "note_on":
                self._clock.sleep_until(after + self._duration)
                self._outport.send(
                    mido.Message("note_off", note=message.note, channel=message.channel)
                )

    def stop(self, stop_time: float = 0, block: bool = True) -> None:
        """Stop ticking.

        Args:
            stop_time: No tick is sent after it, in seconds of the wall clock; 0 for now.
            block: Whether to wait for the thread.
        """
        with self._changed:
            self._set_stop_time(stop_time)
            self._changed.notify_all()
        if block and self.is_alive():
            self.join()

    def next_tick(self, earliest: float) -> tuple[float, mido.Message | None] | None:
        """Return time and message of the first tick from a time on; None if there is none."""
        number = max(0, math.ceil((earliest - self._start_time) / self._period))
        due = self._start_time + number * self._period
        message = self._messages[number % len(self._messages)]
        return None if due > self._stop_time else (due, message)

    def _set_stop_time(self, stop_time: float | None) -> None:
        if stop_time is None:
            self._stop_time = math.inf
        else:
            self._stop_time = self._clock.from_wall_time(stop_time)

    def _wait_for_tick(self, after: float) -> tuple[float, mido.Message | None] | None:
        """Wait until the next tick is nearly due; return None when there are no more."""
        with self._changed:
            # Half a period, so that a change of tempo at a tick does not repeat that tick.
            earliest = max(self._clock.now() - SPIN_S, after + self._period / 2)
            while (tick := self.next_tick(earliest)) is not None:
                if tick[0] <= self._clock.now() + SPIN_S:
                    break
                self._clock.wait(self._changed, tick[0])
            return tick


def bar_signals(numerator: int, denominator: int) -> list[MidiSignal]:
    """Return the ticks of a bar: a high one and low ones, or low ones alone.

    A bar that is not a whole number of quarter notes has no high tick, since its bar lines are
    between ticks.
    """
    quarters, rest = divmod(4 * numerator, denominator)
    pitches = [_LOW_PITCH] if rest else [_HIGH_PITCH, *[_LOW_PITCH] * (quarters - 1)]
    return [MidiSignal(type="note_on", note=n, velocity=_TICK_VELOCITY) for n in pitches]


def _messages_of(signals: Signals | None, channel: int) -> list[mido.Message | None]:
    return [
        signal and signal.to_message().copy(channel=channel)
        for signal in signals or bar_signals(4, 4)
    ]
