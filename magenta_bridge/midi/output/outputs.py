"""Where players, metronome and passthrough send: one or several ports, each with its ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import mido

from magenta_bridge.midi.output.messages import note_off
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.port import PortGoneError
from magenta_bridge.midi.timing.clock import RealClock

if TYPE_CHECKING:
    from mido import Message


class Outport(Protocol):
    """Takes messages on their way out."""

    def send(self, message: Message, due: float | None = None) -> bool:
        """Sends a message now; see ``NoteOutput.send``."""

    def panic(self) -> None:
        """Ends every note that may sound."""

    def close(self) -> None:
        """Leaves nothing sounding and takes no more messages."""


class Outports:
    """Several ports as one: each gets every message.

    Args:
        outports: The ports.
    """

    def __init__(self, outports: Sequence[Outport]) -> None:
        self._outports = tuple(outports)

    def send(self, message: Message, due: float | None = None) -> bool:
        """Sends to all; True when one of them took the message."""
        taken = [outport.send(message, due) for outport in self._outports]
        return any(taken)

    def panic(self) -> None:
        """Silences all."""
        for outport in self._outports:
            outport.panic()

    def close(self) -> None:
        """Closes all."""
        for outport in self._outports:
            outport.close()


class SharedOutput(NoteOutput):
    """An outlet to a port that somebody else has opened and will close.

    Everything goes out that a hub of Magenta's would send: late notes too, and note-offs of notes
    that began elsewhere.

    Args:
        port: A mido output, or an object with its ``send``.
    """

    def __init__(self, port: mido.ports.BaseOutput) -> None:
        super().__init__(_MidoOutput(port), Ledger.create(), RealClock())

    def send(self, message: Message, due: float | None = None) -> bool:  # noqa: ARG002
        """Sends a message now, however late."""
        return super().send(message)

    def close(self) -> None:
        """Ends what sounds; the port stays open, and gets no other message."""
        if not self._closed:
            for channel, pitch in self.ledger.sounding():
                self.send(note_off(channel, pitch))
            self._closed = True
            self.ledger.close(remove=True)

    def _end(self, message: Message, late_s: float) -> bool:
        if self.ledger.count(message.channel, message.note):
            return super()._end(message, late_s)
        return self._put(message, late_s)


def as_outport(port: mido.ports.BaseOutput | Outport) -> Outport:
    """Returns something to send to, for a port of mido or one of ours."""
    if isinstance(port, NoteOutput | Outports):
        return port
    return SharedOutput(port)


class _MidoOutput:
    """A port of mido in the terms of this room."""

    def __init__(self, port: mido.ports.BaseOutput) -> None:
        self._port = port
        self.name = str(getattr(port, "name", "mido"))
        self.on_change: Callable[[], None] | None = None

    @property
    def closed(self) -> bool:
        return bool(getattr(self._port, "closed", False))

    def send(self, message: Message) -> None:
        if self.closed:
            # mido's rtmidi port crashes the process when it is used after its end.
            raise PortGoneError(f"The port {self.name!r} is closed.")
        self._port.send(message)

    def close(self) -> None:
        """Does nothing: whoever opened the port closes it."""
