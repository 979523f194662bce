"""Hears which controllers are turned, in a process of its own.

Whoever asks on the terminal supervises the player afterwards, and must not touch a MIDI system.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import TYPE_CHECKING

from magenta_bridge.errors import InternalError, MagentaBridgeError
from magenta_bridge.midi.process.child_process import Child
from magenta_bridge.midi.process.guarded_port import allow_stop_signals
from magenta_bridge.midi.process.open_ports import open_chosen_input
from magenta_bridge.midi.process.settings import PortChoice

if TYPE_CHECKING:
    from mido import Message

_READY = "ready"


class ControlListener:
    """The numbers of the controllers that are turned, while it is open.

    Args:
        inputs: Ports to hear.

    Raises:
        MagentaBridgeError: A port cannot be opened.
    """

    def __init__(self, inputs: Sequence[PortChoice]) -> None:
        context = multiprocessing.get_context("spawn")
        self._child = Child(context, "ears", _listen, tuple(inputs))
        answer = self._next()
        if isinstance(answer, MagentaBridgeError):
            self._close()
            raise answer

    def __enter__(self) -> ControlListener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def next_turned(self) -> int:
        """Waits for the next controller that is turned; what was turned before does not count.

        Raises:
            InternalError: The process that hears has ended, with its MIDI system perhaps.
        """
        self._child.heard()
        return int(str(self._next()))

    def _next(self) -> object:
        try:
            return self._child.connection.recv()
        except (EOFError, OSError) as error:
            raise InternalError("The MIDI system went away; try again.") from error

    def _close(self) -> None:
        self._child.tell(None)
        self._child.close()


def _listen(connection: Connection, inputs: tuple[PortChoice, ...]) -> None:
    """Sends the numbers of controllers until it is told to end, or its parent has ended."""
    allow_stop_signals()

    def hear(message: Message) -> None:
        if message.type == "control_change":
            connection.send(message.control)

    ports = []
    try:
        for choice in inputs:
            ports.append(open_chosen_input(choice))
            ports[-1].callback = hear
        connection.send(_READY)
        connection.recv()
    except MagentaBridgeError as error:
        connection.send(error)
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    finally:
        for port in ports:
            port.close()
