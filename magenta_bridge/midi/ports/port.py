"""The interface of MIDI ports, whatever their system."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mido import Message

    Receiver = Callable[[Message], None]


class PortGoneError(ConnectionError):
    """A message was not sent: the port is closed, its device unplugged, or its system dead."""


class OutputPort(Protocol):
    """Sends messages.

    Attributes:
        name: What the port is called.
        on_change: Called when the port is lost or comes back, on any thread.
    """

    name: str
    on_change: Callable[[], None] | None

    @property
    def closed(self) -> bool:
        """Whether the port is closed or lost."""

    def send(self, message: Message) -> None:
        """Send a message immediately.

        Raises:
            PortGoneError: The port is closed or lost.
        """

    def close(self) -> None:
        """Close the port; a second call does nothing."""


class InputPort(Protocol):
    """Receives messages.

    Attributes:
        name: What the port is called.
        on_change: As for ``OutputPort``.
        callback: Hears each message, on a thread of the MIDI system; ``message.time`` is when
            it came, in seconds of ``time.monotonic()``. None lets messages fall.
    """

    name: str
    on_change: Callable[[], None] | None
    callback: Receiver | None

    @property
    def closed(self) -> bool:
        """Whether the port is closed or lost."""

    def close(self) -> None:
        """Close the port; a second call does nothing."""
