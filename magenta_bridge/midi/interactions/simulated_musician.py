"""A simulated musician who plays a call from a file."""

from __future__ import annotations

import threading

from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times


class SimulatedMusician:
    """Plays a call into a port from a tick on, and detects when it has been answered.

    Args:
        keys: The hub's input port.
        call: The call, in seconds from a bar line.
        length: Seconds from tick to tick.

    Attributes:
        answered: Set when a response to the complete call has been played to its end.
    """

    def __init__(self, keys: EchoPort, call: NoteSequence, length: float) -> None:
        self._output = NoteOutput(keys, NoteLedger.create())
        self._call = call
        self._length = length
        self._player: MidiPlayer | None = None
        self._call_end = 0.0
        self._responded = False
        self.answered = threading.Event()

    def on_event(self, event: str, details: dict[str, object]) -> None:
        """Handle an event of the interaction: start after the first tick, end with the response."""
        if event == "tick" and self._player is None:
            self._start(float(str(details["time"])) + self._length)
        elif event in ("call", "failure"):
            self._responded = STEADY_CLOCK.now() >= self._call_end
        elif event == "state" and details["state"] == "Idle" and self._responded:
            self.answered.set()

    def close(self) -> None:
        """Stop playing and end all notes."""
        if self._player is not None:
            self._player.stop()
        self._output.close()
        self._output.ledger.close(remove=True)

    def _start(self, start: float) -> None:
        call = adjust_sequence_times(self._call, start)
        self._call_end = max((note.end_time for note in call.notes), default=start)
        self._player = MidiPlayer(self._output, call)
        self._player.start()
