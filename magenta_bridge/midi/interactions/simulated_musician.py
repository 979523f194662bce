"""A musician that is played from a file."""

from __future__ import annotations

import threading

from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.timing.clock import RealClock
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence


class Simulation:
    """Plays a call into a port, from a tick on, and says when it has been answered.

    Args:
        keys: The port that a hub hears.
        call: What to play, in seconds from a bar line.
        length: Seconds from tick to tick.

    Attributes:
        answered: Set when a response to the whole call has been played to its end.
    """

    def __init__(self, keys: EchoPort, call: NoteSequence, length: float) -> None:
        self._outlet = NoteOutput(keys, Ledger.create(), RealClock())
        self._call = call
        self._length = length
        self._player: MidiPlayer | None = None
        self._call_ends = 0.0
        self._responded = False
        self.answered = threading.Event()

    def watch(self, what: str, details: dict[str, object]) -> None:
        """Hears what an interaction tells: begins after the first tick, ends with the response."""
        if what == "tick" and self._player is None:
            self._begin(float(str(details["time"])) + self._length)
        elif what in ("call", "failure"):
            self._responded = STEADY_CLOCK.now() >= self._call_ends
        elif what == "state" and details["state"] == "Idle" and self._responded:
            self.answered.set()

    def close(self) -> None:
        """Takes the hands off the keys."""
        if self._player is not None:
            self._player.stop()
        self._outlet.close()
        self._outlet.ledger.close(remove=True)

    def _begin(self, start: float) -> None:
        call = NoteSequence()
        for note in self._call.notes:
            played = call.notes.add()
            played.CopyFrom(note)
            played.start_time += start
            played.end_time += start
        self._call_ends = max((note.end_time for note in call.notes), default=start)
        self._player = MidiPlayer(self._outlet, call)
        self._player.start()
