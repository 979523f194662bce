"""Ports of the machine's MIDI system that reconnect when their device returns."""

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

from magenta_bridge.errors import InvalidArgumentError, NotFoundError, UnsupportedError
from magenta_bridge.midi.ports.backend import (
    OWN_ENDS,
    Direction,
    MidiSystem,
    binding,
    current_system,
    set_receiver,
)
from magenta_bridge.midi.ports.names import matching_ports, shown_names, stable_name
from magenta_bridge.midi.ports.port import PortGoneError

if TYPE_CHECKING:
    from mido import Message

    from magenta_bridge.midi.ports.port import Receiver

# Maximum duration of a call from RtMidi's thread.
_CALLBACK_S = 0.01

_log = logging.getLogger(__name__)


class PortState(enum.Enum):
    """State of a port."""

    OPEN = "open"
    LOST = "lost"
    CLOSED = "closed"


class SteadyPort:
    """One end of a connection, which reconnects whenever the other end exists.

    Threading: any thread; ``look`` is called by the watcher's.

    Args:
        direction: Which way the music goes.
        name: What the user calls the port.
        virtual: Whether the port is ours, for others to connect to.

    Attributes:
        on_change: Hears of each change of ``state``, on the watcher's thread.

    Raises:
        InvalidArgumentError: Several ports have the name as a part of theirs.
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
        """State of the port."""
        return self._state

    @property
    def closed(self) -> bool:
        """Whether it is closed or lost."""
        return self._state is not PortState.OPEN

    def close(self) -> None:
        """Close the port; a second call does nothing."""
        with self._lock:
            end = self._detach()
            self._state = PortState.CLOSED
        _let_go(end)

    def look(self, system: MidiSystem | None, names: list[str]) -> None:
        """Compare with the existing ports: drop a lost connection, or reconnect.

        Args:
            system: The MIDI system that answers; None when none does.
            names: Its ports in this port's direction.
        """
        before, end = self._state, None
        with self._lock:
            if self._state is PortState.OPEN and not self._still_there(system, names):
                end = self._detach()
        # Without the lock: senders must not wait for a slow MIDI system.
        _let_go(end)
        with self._lock:
            if self._state is PortState.LOST and system is not None:
                with contextlib.suppress(InvalidArgumentError, NotFoundError, PortGoneError):
                    self._find(system)
            changed = self._state not in (before, PortState.CLOSED)
        if changed and self.on_change is not None:
            self.on_change()

    def prepare(self, end: Any) -> None:  # noqa: ANN401 - rtmidi names no types
        """Configure a new RtMidi object before it opens its port."""

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
        # Another port with a similar name may have appeared since.
        found = matching_ports(stable_name(self._other) or self.name, names)
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
        """Mark the connection as lost; return the object to close, or None."""
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
    """An output port.

    Args:
        name: What the user calls the port.
        virtual: Whether the port is ours, for others to connect to.
    """

    def __init__(self, name: str, *, virtual: bool = False) -> None:
        super().__init__("output", name, virtual=virtual)

    def send(self, message: Message) -> None:
        """Send a message immediately.

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
    """An input port.

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
        """Receive clock messages, but not system exclusive and active sensing."""
        end.ignore_types(sysex=True, timing=False, active_sense=True)
        set_receiver(end, self._receive)

    def _receive(self, data: Sequence[int]) -> None:
        now = time.monotonic()
        callback = self.callback
        if callback is None:
            return
        try:
            message = mido.Message.from_bytes(data, time=now)
        except (ValueError, IndexError):
            return  # ignore bytes that are not a MIDI message, or not a whole one
        try:
            callback(message)
        except Exception as error:  # noqa: BLE001 - RtMidi's thread would print it and continue
            failure = (type(error), error, error.__traceback__, threading.current_thread())
            threading.excepthook(threading.ExceptHookArgs(failure))


def _missing(direction: Direction, name: str, names: list[str]) -> str:
    others = ", ".join(map(repr, shown_names([other for other in names if other])))
    there = f"there are {others}" if others else "there are none, so connect one"
    return f"There is no MIDI {direction} called {name!r}; {there}."
