"""What a MIDI port is to this room, whichever system it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mido import Message

    Receiver = Callable[[Message], None]


class PortGoneError(ConnectionError):
    """What was sent did not arrive: the port is closed, its device unplugged, its system dead."""


class OutputPort(Protocol):
    """Takes messages to a receiver.

    Attributes:
        name: What the port is called.
        on_change: Called when the port is lost or comes back, on any thread.
    """

    name: str
    on_change: Callable[[], None] | None

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent: closed for good, or lost for the time being."""

    def send(self, message: Message) -> None:
        """Sends a message at once.

        Raises:
            PortGoneError: The port is closed or lost.
        """

    def close(self) -> None:
        """Lets the port go; a second call does nothing."""


class InputPort(Protocol):
    """Brings messages from a sender.

    Attributes:
        name: What the port is called.
        callback: Hears each message, on a thread of the MIDI system; ``message.time`` is when
            it came, in seconds of ``time.monotonic()``. None lets messages fall.
    """

    name: str
    callback: Receiver | None

    @property
    def closed(self) -> bool:
        """Whether nothing will come: closed for good, or lost for the time being."""

    def close(self) -> None:
        """Lets the port go; a second call does nothing."""
