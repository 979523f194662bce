"""A lossless port between processes, and its receiver."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import mido
import pytest

from magenta_bridge.midi.output.messages import ALL_SOUND_OFF_CONTROL
from magenta_bridge.midi.ports.port import PortGoneError
from tests.midi.bounded import TIMEOUT_S
from tests.midi.receiver import Receiver

if TYPE_CHECKING:
    from mido import Message


class SocketPort:
    """Sends each message as one datagram to the receiver's address, in order and without loss."""

    def __init__(self, address: str) -> None:
        self.name = address
        self.on_change: Callable[[], None] | None = None
        self.closed = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(TIMEOUT_S)
        self._socket.connect(address)

    def send(self, message: Message) -> None:
        """Send a message; block while the receiver's buffer is full."""
        if self.closed:
            raise PortGoneError
        try:
            self._socket.send(bytes(message.bytes()))
        except OSError as error:
            raise PortGoneError from error

    def close(self) -> None:
        """Close the socket."""
        self.closed = True
        self._socket.close()


class SocketReceiver:
    """A receiver at an address.

    Attributes:
        receiver: The notes received.
        left: For each "all sound off" so far, which ends the panic of a channel, the number of
            active keys.
    """

    def __init__(self, address: Path) -> None:
        self.address = str(address)
        self.receiver = Receiver()
        self.left: list[int] = []
        self.changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        threading.Thread(target=self._receive, daemon=True).start()

    def wait_for(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until a condition on the received messages is true."""
        with self.changed:
            if not self.changed.wait_for(happened, TIMEOUT_S):
                pytest.fail(f"Timed out after {TIMEOUT_S:g} s while waiting for {what}.")

    def close(self) -> None:
        """Stop receiving."""
        self._socket.close()

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(64):
                with self.changed:
                    message = mido.Message.from_bytes(data)
                    self.receiver.receive(message)
                    if message.is_cc(ALL_SOUND_OFF_CONTROL):
                        self.left.append(len(self.receiver.sounding))
                    self.changed.notify_all()


@contextlib.contextmanager
def socket_receiver(folder: Path, name: str = "port") -> Iterator[SocketReceiver]:
    """Open a receiver in a folder."""
    receiver = SocketReceiver(folder / name)
    try:
        yield receiver
    finally:
        receiver.close()
