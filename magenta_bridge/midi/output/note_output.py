"""The one way to send: nothing sounds that is not written down, and nothing stays sounding."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from magenta_bridge.midi.output.all_notes_off import silence
from magenta_bridge.midi.output.messages import ends_note, note_off, starts_note
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.ports.port import OutputPort, PortGoneError
from magenta_bridge.midi.timing.clock import Clock

if TYPE_CHECKING:
    from mido import Message

TOO_LATE_S = 0.020


@dataclass(frozen=True)
class OutletCounts:
    """What became of the messages.

    Attributes:
        sent: Messages that went out.
        late: Note-ons dropped because they came too late to be music.
        lost: Messages that could not go out because the port was gone.
        unmatched: Note-offs without a note to end; they went nowhere.
        lateness_s: The largest lateness of a message that went out, in seconds.
    """

    sent: int = 0
    late: int = 0
    lost: int = 0
    unmatched: int = 0
    lateness_s: float = 0.0


class NoteOutput:
    """Sends to one port, and keeps the ledger of it.

    A receiver sees every note begin and end once: a note that is struck while its key sounds
    ends the one before, and of the two note-offs that follow the last one counts. Note-offs
    are never dropped: those that a lost port cannot take are sent once it is back.

    Threading: any thread; a signal handler should ask a thread to call ``panic``.

    Args:
        port: Where to.
        ledger: Empty, or what a player that died has left.
        clock: Tells how late a message is.
    """

    def __init__(self, port: OutputPort, ledger: Ledger, clock: Clock) -> None:
        self.port = port
        self.ledger = ledger
        self._clock = clock
        self._lock = threading.RLock()
        self._counts = OutletCounts()
        self._closed = False
        self._epoch = 0
        self._owes_silence = False
        port.on_change = self._port_changed
        if ledger.used_channels():
            self.panic()

    @property
    def epoch(self) -> int:
        """Changes with each panic: a note of an earlier epoch has ended already."""
        return self._epoch

    @property
    def counts(self) -> OutletCounts:
        """What became of the messages so far."""
        return self._counts

    def send(self, message: Message, due: float | None = None) -> bool:
        """Sends a message now.

        Args:
            message: What to send.
            due: When it should have been sent, in seconds of the clock; a note-on more than
                20 ms later is dropped. None for now.

        Returns:
            Whether it was taken: a note-on that was dropped is False, and needs no note-off.
        """
        with self._lock:
            late_s = 0.0 if due is None else self._clock.now() - due
            if self._closed:
                return self._lose()
            if self._owes_silence and not self.port.closed:
                self.panic()
            if starts_note(message):
                return self._begin(message, late_s)
            if ends_note(message):
                return self._end(message, late_s)
            if hasattr(message, "channel"):
                self.ledger.use(message.channel)
            return self._put(message, late_s)

    def responds(self, within_s: float) -> bool:
        """Says whether nobody has been sending for longer than that: a MIDI system may hang."""
        taken = self._lock.acquire(timeout=within_s)
        if taken:
            self._lock.release()
        return taken

    def panic(self) -> None:
        """Ends every note that may sound, by note-offs and then by controllers.

        When the port is gone, or goes meanwhile, the ledger keeps what sounds, and it is ended
        when the port is back.
        """
        with self._lock:
            if self._closed:
                return
            self._epoch += 1
            for message in silence(self.ledger, now=self._clock.now()):
                if not self._put(message, 0.0):
                    return
            self._owes_silence = False
            self.ledger.end_all(self._clock.now())

    def close(self) -> None:
        """Makes the port silent and lets it go; what is sent afterwards is lost."""
        with self._lock:
            if self._closed:
                return
            self.panic()
            self._closed = True
            self.port.close()

    def _begin(self, message: Message, late_s: float) -> bool:
        if late_s > TOO_LATE_S:
            self._counts = replace(self._counts, late=self._counts.late + 1)
            return False
        channel, pitch = message.channel, message.note
        if self.port.closed:
            return self._lose()
        sounds = self.ledger.count(channel, pitch)
        self.ledger.begin(channel, pitch)
        if sounds and not self._put(note_off(channel, pitch), late_s):
            return False
        return self._put(message, late_s)

    def _end(self, message: Message, late_s: float) -> bool:
        channel, pitch = message.channel, message.note
        sounds = self.ledger.count(channel, pitch)
        if not sounds:
            self._counts = replace(self._counts, unmatched=self._counts.unmatched + 1)
            return False
        if sounds == 1 and not self._put(message, late_s):
            return False
        self.ledger.end(channel, pitch, self._clock.now())
        return True

    def _put(self, message: Message, late_s: float) -> bool:
        try:
            self.port.send(message)
        except PortGoneError:
            self._owes_silence = True
            return self._lose()
        counts = self._counts
        self._counts = replace(
            counts, sent=counts.sent + 1, lateness_s=max(counts.lateness_s, late_s)
        )
        return True

    def _port_changed(self) -> None:
        """Ends what sounded when the port was lost, as soon as it is back."""
        with self._lock:
            self._owes_silence = True
            if not self.port.closed:
                self.panic()

    def _lose(self) -> bool:
        self._counts = replace(self._counts, lost=self._counts.lost + 1)
        return False
