"""Ports of the machine's MIDI system that come back when their device does."""

from __future__ import annotations

import contextlib
import enum
import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import mido

from magenta_bridge.errors import NotFoundError, UnsupportedError
from magenta_bridge.midi.ports.backend import (
    OWN_ENDS,
    Direction,
    MidiSystem,
    binding,
    current_system,
    set_receiver,
)
from magenta_bridge.midi.ports.names import matching_ports
from magenta_bridge.midi.ports.port import PortGoneError

if TYPE_CHECKING:
    from mido import Message

    from magenta_bridge.midi.ports.port import Receiver

# The longest that a call from RtMidi's thread is expected to take.
_CALLBACK_S = 0.01

_log = logging.getLogger(__name__)


class PortState(enum.Enum):
    """What a port is doing."""

    OPEN = "open"
    LOST = "lost"
    CLOSED = "closed"


class SteadyPort:
    """One end of a connection that is made again whenever the other end is there.

    Threading: any thread; ``look`` is called by the watcher's.

    Args:
        direction: Which way the music goes.
        name: What the user calls the port.
        virtual: Whether the port is ours, for others to connect to.

    Attributes:
        on_change: Hears of each change of ``state``, on the watcher's thread.

    Raises:
        NotFoundError: There is no such port.
        UnsupportedError: There is no MIDI system, or it makes no virtual ports.
    """

    def __init__(self, direction: Direction, name: str, *, virtual: bool = False) -> None:
        self.name = name
        self.direction = direction
        self.on_change: Callable[[], None] | None = None
        self._virtual = virtual
        self._lock = threading.RLock()
        self._state = PortState.LOST
        self._system: MidiSystem | None = None
        self._end: Any = None
        self._other = ""
        try:
            self._find(current_system())
        except PortGoneError as error:
            raise UnsupportedError("The MIDI system has just gone away; try again.") from error

    @property
    def state(self) -> PortState:
        """What the port is doing."""
        return self._state

    @property
    def closed(self) -> bool:
        """Whether it is closed or lost."""
        return self._state is not PortState.OPEN

    def close(self) -> None:
        """Lets the port go for good; a second call does nothing."""
        with self._lock:
            end = self._detach()
            self._state = PortState.CLOSED
        _let_go(end)

    def look(self, system: MidiSystem | None, names: list[str]) -> None:
        """Compares with what there is: gives a lost connection up, makes it again.

        Args:
            system: The MIDI system that answers; None when none does.
            names: Its ports in this port's direction.
        """
        before, end = self._state, None
        with self._lock:
            if self._state is PortState.OPEN and not self._still_there(system, names):
                end = self._detach()
        # Not under the lock: who sends must not wait for a MIDI system that takes its time.
        _let_go(end)
        with self._lock:
            if self._state is PortState.LOST and system is not None:
                with contextlib.suppress(NotFoundError, PortGoneError):
                    self._find(system)
            changed = self._state not in (before, PortState.CLOSED)
        if changed and self.on_change is not None:
            self.on_change()

    def prepare(self, end: Any) -> None:  # noqa: ANN401 - rtmidi names no types
        """Sets a new RtMidi object up before it opens its port."""

    def _still_there(self, system: MidiSystem | None, names: list[str]) -> bool:
        if system is None or system is not self._system:
            return False
        return self._virtual or self._other in names

    def _find(self, system: MidiSystem) -> None:
        if self._virtual:
            self._open_virtual(system)
        else:
            self._connect(system)
        self._system = system
        self._state = PortState.OPEN

    def _connect(self, system: MidiSystem) -> None:
        names = system.port_names(self.direction)
        found = matching_ports(self.name, names)
        if not found:
            raise NotFoundError(_missing(self.direction, self.name, names))
        if len(found) > 1:
            _log.warning(
                "%d MIDI %ss are called %r; the first is used.",
                len(found),
                self.direction,
                self.name,
            )
        self._end = self._new_end(system)
        self._open_port(lambda: self._end.open_port(found[0], OWN_ENDS[self.direction]))
        self._other = names[found[0]]

    def _open_virtual(self, system: MidiSystem) -> None:
        if sys.platform == "win32":
            raise UnsupportedError(
                "Windows makes no virtual MIDI ports; install loopMIDI, add a port in it, and "
                "name that port."
            )
        self._end = self._new_end(system)
        self._open_port(lambda: self._end.open_virtual_port(self.name))

    def _new_end(self, system: MidiSystem) -> Any:  # noqa: ANN401
        end = system.new_end(self.direction)
        self.prepare(end)
        return end

    def _open_port(self, opening: Callable[[], object]) -> None:
        try:
            opening()
        except binding().errors as error:
            raise NotFoundError(
                f"The MIDI {self.direction} {self.name!r} cannot be opened: {error}. "
                "Another program may hold it."
            ) from error

    def _detach(self) -> Any:  # noqa: ANN401
        """Counts the connection as lost; returns what is to be closed, None for nothing."""
        end, self._end = self._end, None
        if self._state is PortState.OPEN:
            self._state = PortState.LOST
        alive = self._system is not None and not self._system.dead
        return end if alive else None


def _let_go(end: Any) -> None:  # noqa: ANN401 - rtmidi names no types
    """Close a connection, once."""
    if end is None:
        return
    with contextlib.suppress(*binding().errors):
        if isinstance(end, binding().ends["input"]):
            # RtMidi waits for its thread with Python's lock held, and hangs if a message is on its
            # way to Python; so the steady ones, such as a clock's, are ended before.
            end.ignore_types(sysex=True, timing=True, active_sense=True)
            time.sleep(_CALLBACK_S)
        end.close_port()
        end.delete()


class SteadyOutput(SteadyPort):
    """A port to play to.

    Args:
        name: What the user calls the port.
        virtual: Whether the port is ours, for others to connect to.
    """

    def __init__(self, name: str, *, virtual: bool = False) -> None:
        super().__init__("output", name, virtual=virtual)

    def send(self, message: Message) -> None:
        """Sends a message at once.

        Raises:
            PortGoneError: The port is closed or lost.
        """
        data = message.bytes()
        with self._lock:
            system = self._system
            if self._state is not PortState.OPEN or system is None or system.dead:
                raise PortGoneError(f"The MIDI output {self.name!r} is gone.")
            try:
                self._end.send_message(data)
            except binding().errors as error:
                raise PortGoneError(f"The MIDI output {self.name!r} is gone.") from error


class SteadyInput(SteadyPort):
    """A port to hear.

    Args:
        name: What the user calls the port.
        virtual: Whether the port is ours, for others to connect to.

    Attributes:
        callback: Hears each message, on RtMidi's thread; ``message.time`` is when it came, in
            seconds of ``time.monotonic()``.
    """

    def __init__(self, name: str, *, virtual: bool = False) -> None:
        self.callback: Receiver | None = None
        super().__init__("input", name, virtual=virtual)

    def prepare(self, end: Any) -> None:  # noqa: ANN401 - rtmidi names no types
        """Asks for clock messages too, and not for system exclusive and active sensing."""
        end.ignore_types(sysex=True, timing=False, active_sense=True)
        set_receiver(end, self._receive)

    def _receive(self, data: Sequence[int]) -> None:
        now = time.monotonic()
        callback = self.callback
        if callback is None:
            return
        try:
            message = mido.Message.from_bytes(data, time=now)
        except ValueError:
            return  # a byte sequence that is no MIDI message carries no music
        try:
            callback(message)
        except Exception:  # noqa: BLE001 - RtMidi's thread would print it and go on
            _log.exception("What hears the MIDI input %r failed.", self.name)


def _missing(direction: Direction, name: str, names: list[str]) -> str:
    others = ", ".join(repr(other) for other in names if other)
    there = f"there are {others}" if others else "there are none, so connect one"
    return f"There is no MIDI {direction} called {name!r}; {there}."
