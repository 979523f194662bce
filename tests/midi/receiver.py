"""A receiver that relies on note-offs alone, and counts the errors of a sender."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from magenta_bridge.midi.output.messages import ends_note, starts_note
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.ports.port import PortGoneError

if TYPE_CHECKING:
    from mido import Message

Key = tuple[int, int]


class Receiver:
    """Counts active notes by channel and pitch.

    Args:
        now: Returns the current time in seconds.

    Attributes:
        ended: When each key last became silent.
        sounding: Notes that have started and not ended.
        started: Number of note-ons so far.
        strays: Note-offs for a key that was silent.
        doubled: Note-ons for a key that was active.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.ended: dict[Key, float] = {}
        self.sounding: Counter[Key] = Counter()
        self.started = 0
        self.strays: list[Key] = []
        self.doubled: list[Key] = []

    def receive(self, message: Message) -> None:
        """Handle one message."""
        if starts_note(message):
            self._start((message.channel, message.note))
        elif ends_note(message):
            self._end((message.channel, message.note))

    def _start(self, key: Key) -> None:
        self.started += 1
        if self.sounding[key]:
            self.doubled.append(key)
        self.sounding[key] += 1

    def _end(self, key: Key) -> None:
        if self.sounding[key]:
            self.sounding[key] -= 1
            self.ended[key] = self._now()
        else:
            self.strays.append(key)
        if not self.sounding[key]:
            del self.sounding[key]


class PlayerCrash(BaseException):
    """Simulates the end of a player between two instructions."""


class FragilePort(EchoPort):
    """A lossless port to a receiver that can vanish and can crash the player.

    Attributes:
        receiver: Receives every message.
        sends_left: Number of sends until the player crashes; None for never.
        crash_delivers: Whether the message of that send still arrives.
    """

    def __init__(self, receiver: Receiver) -> None:
        super().__init__("fragile")
        self.receiver = receiver
        self.sends_left: int | None = None
        self.crash_delivers = False
        self._gone = False

    @property
    def closed(self) -> bool:
        """Whether it vanished or was closed."""
        return self._gone or super().closed

    def send(self, message: Message) -> None:
        """Deliver a message or crash."""
        if self.closed:
            raise PortGoneError
        if self.sends_left is not None:
            self.sends_left -= 1
            if self.sends_left < 0:
                if self.crash_delivers:
                    self.receiver.receive(message)
                raise PlayerCrash
        self.receiver.receive(message)

    def vanish(self) -> None:
        """Accept nothing until it returns."""
        self._set_gone(True)

    def come_back(self) -> None:
        """Accept messages again."""
        self._set_gone(False)

    def _set_gone(self, gone: bool) -> None:
        self._gone = gone
        if self.on_change is not None:
            self.on_change()
