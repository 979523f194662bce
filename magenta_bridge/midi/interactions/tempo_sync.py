"""Whose tempo the playing has, and who is told of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from magenta_bridge.midi.engine.midi_clock_out import BeatClockOut
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.output.outputs import Outport, Outports
from magenta_bridge.midi.timing.ableton_link import LinkTempo
from magenta_bridge.midi.timing.bar_ticks import BarTicks
from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.midi.timing.tempo import SLOWEST_CONTROLLED_QPM, InternalClock, TempoSource


class Timekeeper:
    """The clock that all musicians share: their own, a MIDI clock's, or that of Ableton Link.

    Threading: ``hear`` by the first musician's thread, the rest by the one that plays.

    Args:
        clock: ``internal``, ``midi`` or ``link``.
        qpm: Tempo to begin with, in quarter notes per minute.
        beats: Quarter notes in a bar.

    Raises:
        UnsupportedError: Link is asked for, and its library is not installed.
    """

    def __init__(self, clock: str, qpm: float, beats: int) -> None:
        self._beats = beats
        self._own = InternalClock(qpm, time.monotonic())
        self._link = LinkTempo(qpm, beats) if clock == "link" else None
        self._song = MidiClockIn(qpm) if clock == "midi" else None
        self._out: BeatClockOut | None = None
        self._heard = False

    @property
    def source(self) -> TempoSource:
        """Where in the song each moment is."""
        return self._link or self._song or self._own

    @property
    def is_followed(self) -> bool:
        """Whether somebody else keeps the time."""
        return self.source is not self._own

    def follow(self, hub: MidiHub, tempo_control: int | None) -> BarTicks | None:
        """Returns the bars of the clock that is followed; None when it is our own.

        Args:
            hub: A musician's; a MIDI clock is heard at the first one's ports.
            tempo_control: Controller that sets the tempo of a Link session.
        """
        if self._song is not None and not self._heard:
            hub.on_message = self._song.receive
            self._heard = True
        link = self._link
        if link is not None and tempo_control is not None:
            hub.listen(
                MidiSignal(type="control_change", control=tempo_control),
                lambda message: link.change(SLOWEST_CONTROLLED_QPM + message.value),
            )
        return BarTicks(self.source, self._beats) if self.is_followed else None

    def send_to(self, outports: Sequence[Outport]) -> None:
        """Sends the beat clock to ports from now on, with our own clock from the first bar on."""
        if outports:
            self._out = BeatClockOut(Outports(outports), self.source)
            if self.is_followed:
                self._out.start()

    def hear(self, what: str, details: dict[str, Any]) -> None:
        """Takes what the first interaction tells: our own clock goes as its ticks do."""
        if what == "begin":
            self._own.anchor(0.0, STEADY_CLOCK.monotonic(details["time"]))
            if self._out is not None and not self._out.is_alive():
                self._out.start()
        elif what == "tempo":
            self._own.change(details["qpm"], time.monotonic())
        elif what == "tick":
            at = STEADY_CLOCK.monotonic(details["time"])
            bar = round(self._own.beat_at(at) / self._beats)
            self._own.anchor(float(bar * self._beats), at)

    def stop(self) -> None:
        """Stops the song of those that follow us; may be called again."""
        if self._out is not None:
            self._out.close()

    def close(self) -> None:
        """Stops, and leaves the session."""
        self.stop()
        if self._out is not None and self._out.is_alive():
            self._out.join()
        if self._link is not None:
            self._link.close()
