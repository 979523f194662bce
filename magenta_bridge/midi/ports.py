"""MIDI ports by name."""

from __future__ import annotations

from magenta_bridge.midi.port import InputPort, OutputPort


def input_names() -> list[str]:
    """Returns the names of the ports that music can come from, as the system spells them.

    Raises:
        UnsupportedError: The machine has no MIDI system.
    """
    raise NotImplementedError


def output_names() -> list[str]:
    """Returns the names of the ports that music can go to, as the system spells them.

    Raises:
        UnsupportedError: The machine has no MIDI system.
    """
    raise NotImplementedError


def open_input(name: str, virtual: bool = False) -> InputPort:
    """Opens a port to hear; it comes back by itself when its device does.

    Args:
        name: The port's name, or its part that stays: without ALSA's numbers, or without the
            program's name before the colon.
        virtual: Makes a port of that name that other programs can connect to.

    Raises:
        NotFoundError: There is no such port; the message lists those there are.
        UnsupportedError: The machine has no MIDI system, or cannot make virtual ports.
    """
    raise NotImplementedError


def open_output(name: str, virtual: bool = False) -> OutputPort:
    """Opens a port to play to; it comes back by itself when its device does.

    Args:
        name: As in ``open_input``.
        virtual: Makes a port of that name that other programs can connect to.

    Raises:
        NotFoundError: There is no such port; the message lists those there are.
        UnsupportedError: The machine has no MIDI system, or cannot make virtual ports.
    """
    raise NotImplementedError
