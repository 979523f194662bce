"""A port without a MIDI system: messages are passed on immediately and in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from magenta_bridge.midi.ports.port import PortGoneError

if TYPE_CHECKING:
    from mido import Message

    from magenta_bridge.midi.ports.port import Receiver


class EchoPort:
    """Both ends in one: an output whose messages come back through its ``callback``.

    Threading: any thread; the callback runs on the sender's.

    Args:
        name: What the port is called.
    """

    def __init__(self, name: str = "echo") -> None:
        self.name = name
        self.callback: Receiver | None = None
        self.on_change: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the port has been closed."""
        return self._closed

    def send(self, message: Message) -> None:
        """Pass a copy of a message to the callback, with a timestamp.

        Raises:
            PortGoneError: The port has been closed.
        """
        with self._lock:
            if self._closed:
                raise PortGoneError(f"The port {self.name!r} is closed.")
            if self.callback is not None:
                self.callback(message.copy(time=time.monotonic()))

    def close(self) -> None:
        """Close the port."""
        self._closed = True


class MemoryPort(EchoPort):
    """An output that records its messages.

    Attributes:
        messages: Every message so far, in order.
    """

    def __init__(self, name: str = "memory") -> None:
        super().__init__(name)
        self.messages: list[Message] = []
        self.callback = self.messages.append
