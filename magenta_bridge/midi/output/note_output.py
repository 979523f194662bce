"""Outputs to which the player, metronome and passthrough send.

Every note is recorded in a ledger before it sounds, so that it can be ended whatever happens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import mido

from magenta_bridge.midi.output.echoes import Echoes
from magenta_bridge.midi.output.messages import ends_note, note_off, starts_note
from magenta_bridge.midi.output.note_ledger import NoteLedger, all_notes_off
from magenta_bridge.midi.ports.port import OutputPort, PortGoneError

if TYPE_CHECKING:
    from mido import Message

TOO_LATE_S = 0.020


class Outport(Protocol):
    """A destination for messages: one output or several."""

    def send(self, message: Message, due: float | None = None) -> bool:
        """Send a message now; see ``NoteOutput.send``."""

    def panic(self) -> None:
        """End every note that may sound."""


@dataclass
class OutputCounts:
    """Message counts of an output.

    Attributes:
        sent: Messages sent.
        late: Note-ons dropped because they were more than 20 ms late.
        lost: Messages not sent because the port was gone.
        unmatched: Note-offs dropped because no note was active on their key.
        lateness_s: Maximum lateness of a sent message, in seconds.
    """

    sent: int = 0
    late: int = 0
    lost: int = 0
    unmatched: int = 0
    lateness_s: float = 0.0


class NoteOutput:
    """Sends to one port and maintains its ledger.

    Each note starts and ends once for the receiver: a note-on for an active key first ends the
    active note, and only the last of the two note-offs is sent. Note-offs are never dropped; those
    that a lost port cannot accept are sent when the port returns.

    Threading: any thread; from a signal handler, call ``panic`` in another thread.

    Args:
        port: The port.
        ledger: An empty ledger, or that of a player that died, whose notes are then ended.
        now: Returns the current time in seconds.

    Attributes:
        counts: The message counts so far.
    """

    def __init__(
        self, port: OutputPort, ledger: NoteLedger, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.port = port
        self.ledger = ledger
        self._now = now
        self._lock = threading.RLock()
        self.counts = OutputCounts()
        self._closed = False
        self._pending_panic = False
        port.on_change = self._port_changed
        if ledger.used_channels():
            self.panic()

    def send(self, message: Message, due: float | None = None) -> bool:
        """Send a message now.

        Args:
            message: The message.
            due: When the message was due, in seconds on the clock of ``now``; a note-on that is
                more than 20 ms late is dropped. None for now.

        Returns:
            Whether the message was accepted. A dropped note-on needs no note-off.
        """
        with self._lock:
            late_s = 0.0 if due is None else self._now() - due
            if self._closed:
                return self._count_lost()
            if self._pending_panic and not self.port.closed:
                self.panic()
            if starts_note(message):
                return self._begin(message, late_s)
            if ends_note(message):
                return self._end(message, late_s)
            if hasattr(message, "channel"):
                self.ledger.use(message.channel)
            return self._put(message, late_s)

    def responds(self, within_s: float) -> bool:
        """Return whether the port accepts messages; False when a send blocks for longer."""
        acquired = self._lock.acquire(timeout=within_s)
        if acquired:
            self._lock.release()
        return acquired

    def panic(self) -> None:
        """End every note that may sound, with note-offs and then controllers.

        If the port is gone, the ledger keeps the notes, and they are ended when the port returns.
        """
        with self._lock:
            if self._closed:
                return
            for message in all_notes_off(self.ledger, now=self._now()):
                if not self._put(message, 0.0):
                    return
            self._pending_panic = False
            self.ledger.end_all(self._now())

    def close(self) -> None:
        """Silence and close the port; later messages are lost."""
        with self._lock:
            if self._closed:
                return
            self.panic()
            self._closed = True
            self.port.close()

    def _begin(self, message: Message, late_s: float) -> bool:
        if late_s > TOO_LATE_S:
            self.counts.late += 1
            return False
        channel, pitch = message.channel, message.note
        if self.port.closed:
            return self._count_lost()
        active = self.ledger.count(channel, pitch)
        self.ledger.begin(channel, pitch)
        if active and not self._put(note_off(channel, pitch), late_s):
            return False
        return self._put(message, late_s)

    def _end(self, message: Message, late_s: float) -> bool:
        channel, pitch = message.channel, message.note
        active = self.ledger.count(channel, pitch)
        if not active:
            self.counts.unmatched += 1
            return False
        if active == 1 and not self._put(message, late_s):
            return False
        self.ledger.end(channel, pitch, self._now())
        return True

    def _put(self, message: Message, late_s: float) -> bool:
        try:
            self.port.send(message)
        except PortGoneError:
            self._pending_panic = True
            return self._count_lost()
        self.counts.sent += 1
        self.counts.lateness_s = max(self.counts.lateness_s, late_s)
        return True

    def _port_changed(self) -> None:
        """End the notes that were active when the port was lost, once it returns."""
        with self._lock:
            self._pending_panic = True
            if not self.port.closed:
                self.panic()

    def _count_lost(self) -> bool:
        self.counts.lost += 1
        return False


class RecordingOutput(NoteOutput):
    """An output that records the messages with a due time; passthrough is not recorded."""

    def __init__(self, port: OutputPort, ledger: NoteLedger) -> None:
        self._recorded: list[tuple[float, bytes]] = []
        super().__init__(port, ledger)

    def send(self, message: Message, due: float | None = None) -> bool:
        """Send a message now; see ``NoteOutput.send``."""
        accepted = super().send(message, due)
        if accepted and due is not None:
            self._recorded.append((self._now(), bytes(message.bytes())))
        return accepted

    def drain(self) -> list[tuple[float, bytes]]:
        """Return what was sent since the last call: monotonic seconds and the message's bytes."""
        recorded, self._recorded = self._recorded, []
        return recorded


class SharedOutput(NoteOutput):
    """An output to a port that the caller opened and will close.

    It sends everything that Magenta's hub would send, including late notes and note-offs of notes
    that started elsewhere.

    Args:
        port: A mido output, or an object with its ``send``.
    """

    def __init__(self, port: mido.ports.BaseOutput) -> None:
        super().__init__(_MidoOutput(port), NoteLedger.create())

    def send(self, message: Message, due: float | None = None) -> bool:  # noqa: ARG002
        """Send a message now, however late."""
        return super().send(message)

    def close(self) -> None:
        """End the active notes; the port stays open and gets no other message."""
        if not self._closed:
            for channel, pitch in self.ledger.sounding():
                self.send(note_off(channel, pitch))
            self._closed = True
            self.ledger.close(remove=True)

    def _end(self, message: Message, late_s: float) -> bool:
        if self.ledger.count(message.channel, message.note):
            return super()._end(message, late_s)
        return self._put(message, late_s)


class OutputGroup:
    """Several outputs as one: each gets every message.

    Args:
        outports: The outputs.
        echoes: Remembers the messages; None to forget them.
    """

    def __init__(self, outports: Sequence[Outport], echoes: Echoes | None = None) -> None:
        self._outports = tuple(outports)
        self._echoes = echoes

    def send(self, message: Message, due: float | None = None) -> bool:
        """Send to all; return whether at least one accepted the message."""
        if self._echoes is not None:
            self._echoes.add(message)
        accepted = [outport.send(message, due) for outport in self._outports]
        return any(accepted)

    def panic(self) -> None:
        """End the notes of all outputs."""
        for outport in self._outports:
            outport.panic()


def as_outport(port: mido.ports.BaseOutput | Outport) -> Outport:
    """Return an ``Outport`` for a mido port or for one of this module."""
    return port if isinstance(port, NoteOutput | OutputGroup) else SharedOutput(port)


class _MidoOutput:
    """Adapts a mido port to ``OutputPort``."""

    def __init__(self, port: mido.ports.BaseOutput) -> None:
        self._port = port
        self.name = str(getattr(port, "name", "mido"))
        self.on_change: Callable[[], None] | None = None

    @property
    def closed(self) -> bool:
        return bool(getattr(self._port, "closed", False))

    def send(self, message: Message) -> None:
        if self.closed:
            # mido's rtmidi port crashes the process when it is used after it was closed.
            raise PortGoneError(f"The port {self.name!r} is closed.")
        self._port.send(message)

    def close(self) -> None:
        """Do nothing: the caller closes the port."""
