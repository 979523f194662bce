"""A musician, an interaction and what a synthesizer hears."""

from __future__ import annotations

from typing import Any

import mido

from magenta_bridge.midi.hub import MidiHub, MidiSignal, TextureType
from magenta_bridge.midi.interaction import CallAndResponseMidiInteraction
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import EchoPort, MemoryPort
from magenta_bridge.midi.timing.clock import RealClock
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from tests.midi.generators import Parrot

TICK_S = 0.4
PANIC, END_CALL, MUTATE, LOOP, STATE, CLOCK, RESPONSE_TICKS, MIN_TICKS = range(20, 28)


class Stage:
    """A musician, an interaction and what a synthesizer hears."""

    def __init__(self) -> None:
        self.keys = EchoPort("keys")
        self.port = MemoryPort("synth")
        self.outlet = NoteOutput(self.port, Ledger.create(), RealClock())
        self.hub = MidiHub([self.keys], [self.outlet], TextureType.POLYPHONIC, passthrough=False)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.interaction: CallAndResponseMidiInteraction | None = None

    def begin(
        self,
        generator: Parrot,
        kind: type[CallAndResponseMidiInteraction] = CallAndResponseMidiInteraction,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Starts an interaction of short ticks."""
        settings: dict[str, Any] = {
            "tick_duration": TICK_S,
            "panic_signal": MidiSignal(control=PANIC, value=127),
            "end_call_signal": MidiSignal(control=END_CALL, value=127),
            "mutate_signal": MidiSignal(control=MUTATE, value=127),
            "loop_control_number": LOOP,
            "state_control_number": STATE,
            "response_ticks_control_number": RESPONSE_TICKS,
            "min_listen_ticks_control_number": MIN_TICKS,
            "observer": lambda what, details: self.told.append((what, details)),
        }
        self.interaction = kind(self.hub, [generator], 120, None, **{**settings, **options})
        self.interaction.start()

    def end(self) -> None:
        """Ends it; nothing sounds."""
        if self.interaction is not None:
            self.interaction.stop()
        self.hub.close()
        assert self.outlet.ledger.sounding() == []
        self.outlet.ledger.close(remove=True)

    def turn(self, control: int, value: int = 127) -> None:
        """Turns a controller."""
        self.keys.send(mido.Message("control_change", control=control, value=value))

    def play(self, *pitches: int) -> None:
        """Plays short notes."""
        for pitch in pitches:
            self.keys.send(mido.Message("note_on", note=pitch, velocity=77))
            self.keys.send(mido.Message("note_off", note=pitch))

    def heard(self, kind: str = "note_on") -> list[tuple[float, int]]:
        """Returns what sounded: time on the wall clock, and pitch."""
        return [
            (STEADY_CLOCK.of_monotonic(m.time), m.note)
            for m in self.port.messages
            if m.type == kind
        ]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Returns what was told under a name."""
        return [details for what, details in list(self.told) if what == name]

    def ticks(self) -> list[float]:
        """Returns when the ticks were."""
        return [details["time"] for details in self.events("tick")]

    def states(self) -> list[int]:
        """Returns the states that were sent as a controller."""
        return [
            m.value for m in self.port.messages if m.type == "control_change" and m.control == STATE
        ]
