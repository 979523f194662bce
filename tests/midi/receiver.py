"""A receiver that believes only real note-offs, and counts what is wrong with what it gets."""

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
    """Counts the notes that sound, by channel and pitch.

    Args:
        now: Tells the time in seconds.

    Attributes:
        ended: When each key last fell silent; a note-off too many ends nothing.
        sounding: Notes begun and not ended.
        begun: Note-ons so far.
        strays: Note-offs for a key that did not sound.
        doubled: Note-ons for a key that sounded already.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.ended: dict[Key, float] = {}
        self.sounding: Counter[Key] = Counter()
        self.begun = 0
        self.strays: list[Key] = []
        self.doubled: list[Key] = []

    def receive(self, message: Message) -> None:
        """Takes one message."""
        if starts_note(message):
            self._begin((message.channel, message.note))
        elif ends_note(message):
            self._end((message.channel, message.note))

    def _begin(self, key: Key) -> None:
        self.begun += 1
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
    """Stands for whatever ends a player between two instructions."""


class FragilePort(EchoPort):
    """A loss-free port to a receiver, which can vanish and can take the player down.

    Attributes:
        receiver: Gets every message.
        sends_left: Sends until the player crashes; None for never.
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
        """Delivers a message, or crashes."""
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
        """Takes nothing until it returns."""
        self._gone = True
        self._tell()

    def come_back(self) -> None:
        """Takes messages again."""
        self._gone = False
        self._tell()

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()
