"""Receives controller numbers in a child process.

The parent later supervises the player and must not use the MIDI system itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from magenta_bridge.errors import InternalError, MagentaBridgeError
from magenta_bridge.midi.process.child_process import ChildProcess, unblock_stop_signals
from magenta_bridge.midi.process.settings import PortChoice

if TYPE_CHECKING:
    from mido import Message


@contextlib.contextmanager
def listen_to_controls(inputs: Sequence[PortChoice]) -> Iterator[Callable[[], int]]:
    """Yield a function that waits for the next controller message and returns its number.

    Messages that arrived before the call are ignored.

    Args:
        inputs: The input ports.

    Raises:
        MagentaBridgeError: A port cannot be opened.
        InternalError: The child process has ended, possibly with its MIDI system.
    """
    child = ChildProcess(
        multiprocessing.get_context("spawn"), "control-listener", _listen, tuple(inputs)
    )

    def receive() -> object:
        try:
            return child.connection.recv()
        except (EOFError, OSError) as error:
            raise InternalError("The MIDI system stopped; try again.") from error

    def next_control() -> int:
        child.received()
        return int(str(receive()))

    try:
        reply = receive()
        if isinstance(reply, MagentaBridgeError):
            raise reply
        yield next_control
    finally:
        child.send(None)
        child.close()


def _listen(connection: Connection, inputs: tuple[PortChoice, ...]) -> None:
    """Send controller numbers until a message arrives or the parent ends."""
    unblock_stop_signals()

    def receive(message: Message) -> None:
        if message.type == "control_change":
            connection.send(message.control)

    ports = []
    try:
        for choice in inputs:
            ports.append(choice.open_input())
            ports[-1].callback = receive
        connection.send("ready")
        connection.recv()
    except MagentaBridgeError as error:
        connection.send(error)
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    finally:
        for port in ports:
            port.close()
