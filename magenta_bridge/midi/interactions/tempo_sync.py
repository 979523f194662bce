"""Synchronizes the tempo with an external clock and sends it to followers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from magenta_bridge.midi.engine.midi_clock_out import MidiClockOut
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.output.note_output import Outport, OutputGroup
from magenta_bridge.midi.timing.ableton_link import LinkTempo
from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.midi.timing.tempo import SLOWEST_CONTROLLED_QPM, InternalClock, TempoSource
from magenta_bridge.midi.timing.ticks import BarTicks


class TempoSync:
    """The clock shared by all musicians: internal, MIDI clock, or Ableton Link.

    Threading: ``on_event`` by the first musician's thread, the rest by the main thread.

    Args:
        clock: ``internal``, ``midi`` or ``link``.
        qpm: Initial tempo, in quarter notes per minute.
        beats: Quarter notes per bar; with Link also its quantum.

    Raises:
        UnsupportedError: ``clock`` is ``link``, and the library is not installed.
    """

    def __init__(self, clock: str, qpm: float, beats: float) -> None:
        self._beats = beats
        self._internal = InternalClock(qpm, time.monotonic())
        self._link = LinkTempo(qpm, beats) if clock == "link" else None
        self._clock_in = MidiClockIn(qpm) if clock == "midi" else None
        self._clock_out: MidiClockOut | None = None
        self._connected = False

    @property
    def source(self) -> TempoSource:
        """Tempo and position."""
        return self._link or self._clock_in or self._internal

    @property
    def is_external(self) -> bool:
        """Whether the clock is external."""
        return self.source is not self._internal

    def follow(self, hub: MidiHub, controls: Mapping[str, int]) -> BarTicks | None:
        """Return the bars of the external clock; None for the internal clock.

        MIDI clock is received from the ports of the first hub. The controller ``bar`` sets the bar
        line of MIDI clock, and ``tempo`` the tempo of a Link session.
        """
        if self._clock_in is not None and not self._connected:
            hub.on_message = self._clock_in.receive
            self._connected = True
        if "bar" in controls:
            hub.listen(MidiSignal(control=controls["bar"], value=127), lambda _: self.set_bar())
        tempo_control = controls.get("tempo")
        link = self._link
        if link is not None and tempo_control is not None:
            hub.listen(
                MidiSignal(type="control_change", control=tempo_control),
                lambda message: link.change(SLOWEST_CONTROLLED_QPM + message.value),
            )
        return BarTicks(self.source, self._beats) if self.is_external else None

    def set_bar(self) -> None:
        """Make the quarter note nearest to now a bar line, if MIDI clock is followed."""
        if self._clock_in is not None:
            self._clock_in.set_bar(time.monotonic())

    def send_to(self, outports: Sequence[Outport]) -> None:
        """Send MIDI clock to outputs: now, or from the first bar on with the internal clock."""
        if outports:
            self._clock_out = MidiClockOut(OutputGroup(outports), self.source)
            if self.is_external:
                self._clock_out.start()

    def on_event(self, event: str, details: dict[str, Any]) -> None:
        """Handle an event of the first interaction; the internal clock follows its ticks."""
        if event == "begin":
            self._internal.anchor(0.0, STEADY_CLOCK.to_monotonic(details["time"]))
            if self._clock_out is not None and not self._clock_out.is_alive():
                self._clock_out.start()
        elif event == "tempo":
            self._internal.change(details["qpm"], time.monotonic())
        elif event == "tick":
            at = STEADY_CLOCK.to_monotonic(details["time"])
            bar = round(self._internal.beat_at(at) / self._beats)
            self._internal.anchor(float(bar * self._beats), at)

    def stop(self) -> None:
        """Stop the song of the followers; can be called again."""
        if self._clock_out is not None:
            self._clock_out.close()

    def close(self) -> None:
        """Stop, and leave the Link session."""
        self.stop()
        if self._clock_out is not None and self._clock_out.is_alive():
            self._clock_out.join()
        if self._link is not None:
            self._link.close()
