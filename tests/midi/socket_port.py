"""A loss-free port between processes, and the stage on which its receiver listens."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import mido

from magenta_bridge.midi.output.messages import ALL_SOUND_OFF_CONTROL
from magenta_bridge.midi.ports.port import PortGoneError
from magenta_bridge.midi.timing.priority import raise_priority
from tests.midi.receiver import Receiver

if TYPE_CHECKING:
    from mido import Message

PATIENCE_S = 60.0


class SocketPort:
    """Sends each message as one datagram to the receiver's address, in order and without loss."""

    def __init__(self, address: str) -> None:
        self.name = address
        self.on_change: Callable[[], None] | None = None
        self.closed = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.connect(address)

    def send(self, message: Message) -> None:
        """Sends a message; waits while the receiver has its hands full."""
        if self.closed:
            raise PortGoneError
        try:
            self._socket.send(bytes(message.bytes()))
        except OSError as error:
            raise PortGoneError from error

    def close(self) -> None:
        """Lets the socket go."""
        self.closed = True
        self._socket.close()


class Stage:
    """A receiver at an address, and ways to wait for what it gets.

    Attributes:
        receiver: What it got.
        silent_since: When the last note that sounded ended, in monotonic seconds.
        left: For each "all sound off" so far, which ends the panic of a channel, how many
            keys still sounded.
    """

    def __init__(self, address: Path) -> None:
        self.address = str(address)
        self.receiver = Receiver()
        self.silent_since = 0.0
        self.left: list[int] = []
        self.changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, happened: Callable[[], bool]) -> float:
        """Waits until something is true of the receiver; returns when, in monotonic seconds."""
        with self.changed:
            assert self.changed.wait_for(happened, PATIENCE_S), "nothing of the kind happened"
            return time.monotonic()

    def close(self) -> None:
        """Hears no more."""
        self._socket.close()

    def _listen(self) -> None:
        # As synthesizers do: when a note ends is not to be a matter of who else computes.
        raise_priority()
        with contextlib.suppress(OSError):
            while data := self._socket.recv(64):
                with self.changed:
                    self._take(mido.Message.from_bytes(data))
                    self.changed.notify_all()

    def _take(self, message: Message) -> None:
        sounded = bool(self.receiver.sounding)
        self.receiver.receive(message)
        if sounded and not self.receiver.sounding:
            self.silent_since = time.monotonic()
        if message.is_cc(ALL_SOUND_OFF_CONTROL):
            self.left.append(len(self.receiver.sounding))


@contextlib.contextmanager
def open_stage(folder: Path, name: str = "port") -> Iterator[Stage]:
    """Opens a stage in a folder."""
    stage = Stage(folder / name)
    try:
        yield stage
    finally:
        stage.close()
