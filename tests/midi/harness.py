"""An interaction between simulated keys and a simulated synthesizer, in virtual time."""

from __future__ import annotations

from typing import Any

import mido

from magenta_bridge.midi.hub import MidiHub, MidiSignal, TextureType
from magenta_bridge.midi.interaction import CallAndResponseMidiInteraction
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.timing.steady_clock import SteadyClock
from magenta_bridge.midi.timing.ticks import SignalTicks
from tests.midi.bounded import run_bounded, wait_for
from tests.midi.generators import OctaveGenerator, StreamingOctaveGenerator
from tests.midi.virtual_clock import ClockedPort, VirtualClock

TICK_S = 0.4
# Less than the 20 ms after which a late note is dropped.
STEP_S = 0.01
PANIC, END_CALL, MUTATE, LOOP, STATE, CLOCK, RESPONSE_TICKS, MIN_TICKS = range(20, 28)


class Harness:
    """An interaction, its keys and its synthesizer.

    Args:
        clock: The clock; a virtual one advances only in ``advance``.
    """

    def __init__(self, clock: SteadyClock) -> None:
        self.clock = clock
        self.keys = ClockedPort(clock, "keys")
        self.port = ClockedPort(clock, "synth")
        self.output = NoteOutput(self.port, NoteLedger.create(), clock.monotonic)
        self.hub = MidiHub(
            [self.keys], [self.output], TextureType.POLYPHONIC, passthrough=False, clock=clock
        )
        self.recorded: list[tuple[str, dict[str, Any]]] = []
        self.interaction: CallAndResponseMidiInteraction | None = None
        self.generator: OctaveGenerator | None = None

    def start(
        self,
        generator: OctaveGenerator,
        kind: type[CallAndResponseMidiInteraction] = CallAndResponseMidiInteraction,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Start an interaction with short ticks."""
        settings: dict[str, Any] = {
            "tick_duration": TICK_S,
            "panic_signal": MidiSignal(control=PANIC, value=127),
            "end_call_signal": MidiSignal(control=END_CALL, value=127),
            "mutate_signal": MidiSignal(control=MUTATE, value=127),
            "loop_control_number": LOOP,
            "state_control_number": STATE,
            "response_ticks_control_number": RESPONSE_TICKS,
            "min_listen_ticks_control_number": MIN_TICKS,
            "observer": lambda event, details: self.recorded.append((event, details)),
        }
        self.generator = generator
        self.interaction = kind(self.hub, [generator], 120, None, **{**settings, **options})
        self.interaction.start()
        wait_for(lambda: self.events("begin"), "the start of the interaction")

    def advance(self, seconds: float) -> None:
        """Advance the virtual time in small steps; in each, all threads do what is due."""
        assert isinstance(self.clock, VirtualClock)
        end = self.clock.now() + seconds
        self._settle()
        while self.clock.now() < end:
            self.clock.advance_to(min(end, self.clock.now() + STEP_S))
            self._settle()

    def tick(self, count: int = 1) -> None:
        """Advance by a number of ticks."""
        self.advance(count * TICK_S)

    def stop(self) -> None:
        """Stop the interaction and check that all notes have ended."""
        if isinstance(self.generator, StreamingOctaveGenerator):
            self.generator.released.set()
        if self.interaction is not None:
            run_bounded(self.interaction.stop, "the stop of the interaction")
        run_bounded(self.hub.close, "the close of the hub")
        assert self.output.ledger.sounding() == []
        self.output.ledger.close(remove=True)

    def turn(self, control: int, value: int = 127) -> None:
        """Send a controller."""
        self.keys.send(mido.Message("control_change", control=control, value=value))

    def play(self, *pitches: int) -> None:
        """Play short notes at once, shortly after now."""
        for kind in ("note_on", "note_off"):
            if isinstance(self.clock, VirtualClock):
                self.advance(STEP_S)
            for pitch in pitches:
                self.keys.send(mido.Message(kind, note=pitch, velocity=77))

    def sent(self, kind: str = "note_on") -> list[tuple[float, int]]:
        """Return time and pitch of the notes sent to the synthesizer."""
        return [
            (self.clock.from_monotonic(m.time), m.note)
            for m in list(self.port.messages)
            if m.type == kind
        ]

    def pitches(self) -> list[int]:
        """Return the pitches sent to the synthesizer."""
        return [pitch for _, pitch in self.sent()]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the details of the events with a name."""
        return [details for event, details in list(self.recorded) if event == name]

    def ticks(self) -> list[float]:
        """Return the times of the ticks."""
        return [details["time"] for details in self.events("tick")]

    def states(self) -> list[int]:
        """Return the states sent as a controller."""
        return [
            m.value
            for m in list(self.port.messages)
            if m.type == "control_change" and m.control == STATE
        ]

    def _settle(self) -> None:
        """Wait until every thread has done what is due and waits for a later time."""
        wait_for(self._is_settled, "the threads to do what is due")

    def _is_settled(self) -> bool:
        interaction, clock = self.interaction, self.clock
        assert isinstance(clock, VirtualClock)
        if interaction is None:
            return True
        ticks, player = interaction._ticks, interaction._response._player
        prefetcher = interaction._writer._prefetcher
        responses = (prefetcher._latest, prefetcher._ready, interaction._response._response)
        return (
            clock.is_waiting(ticks._changed)
            and not (isinstance(ticks, SignalTicks) and ticks._pending)
            and clock.is_waiting(player._changed, player.next_due)
            and not (self._is_released() and any(r is not None and r.is_alive() for r in responses))
        )

    def _is_released(self) -> bool:
        generator = self.generator
        return not isinstance(generator, StreamingOctaveGenerator) or generator.released.is_set()
