"""MIDI ports by name."""

from __future__ import annotations

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.midi.ports.backend import Direction, current_system
from magenta_bridge.midi.ports.port import PortGoneError
from magenta_bridge.midi.ports.reconnecting_port import SteadyInput, SteadyOutput
from magenta_bridge.midi.ports.watcher import watcher


def input_names() -> list[str]:
    """Return the names of the input ports, as the system spells them.

    Raises:
        UnsupportedError: The machine has no MIDI system.
    """
    return _names("input")


def output_names() -> list[str]:
    """Return the names of the output ports, as the system spells them.

    Raises:
        UnsupportedError: The machine has no MIDI system.
    """
    return _names("output")


def open_input(name: str, virtual: bool = False) -> SteadyInput:
    """Open an input port; it reconnects when its device returns.

    Args:
        name: The port's name, or its part that stays: without ALSA's numbers, or without the
            program's name before the colon.
        virtual: Makes a port of that name that other programs can connect to.

    Raises:
        NotFoundError: There is no such port; the message lists those there are.
        UnsupportedError: The machine has no MIDI system, or cannot make virtual ports.
    """
    port = SteadyInput(name, virtual=virtual)
    watcher.add(port)
    return port


def open_output(name: str, virtual: bool = False) -> SteadyOutput:
    """Open an output port; it reconnects when its device returns.

    Args:
        name: As in ``open_input``.
        virtual: Makes a port of that name that other programs can connect to.

    Raises:
        NotFoundError: There is no such port; the message lists those there are.
        UnsupportedError: The machine has no MIDI system, or cannot make virtual ports.
    """
    port = SteadyOutput(name, virtual=virtual)
    watcher.add(port)
    return port


def _names(direction: Direction) -> list[str]:
    try:
        names = current_system().port_names(direction)
    except PortGoneError as error:
        raise UnsupportedError("The MIDI system has just gone away; try again.") from error
    return [name for name in names if name]
