"""Notes down what is played, for a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.port import OutputPort
from magenta_bridge.midi.timing.clock import Clock

if TYPE_CHECKING:
    from mido import Message

Heard = tuple[float, bytes]


class RecordingOutput(NoteOutput):
    """An outlet that remembers what was played at its time; what only passes through is not.

    Args:
        port: Where to.
        ledger: Of the notes that sound.
        clock: Tells when a message went out.
    """

    def __init__(self, port: OutputPort, ledger: Ledger, clock: Clock) -> None:
        self._heard: list[Heard] = []
        super().__init__(port, ledger, clock)

    def send(self, message: Message, due: float | None = None) -> bool:
        """Sends a message now; see ``NoteOutput.send``."""
        taken = super().send(message, due)
        if taken and due is not None:
            self._heard.append((self._clock.now(), bytes(message.bytes())))
        return taken

    def drain(self) -> list[Heard]:
        """Returns what was played since the last time: seconds of the clock, and bytes."""
        heard, self._heard = self._heard, []
        return heard
