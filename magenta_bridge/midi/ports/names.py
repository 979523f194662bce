"""Find a port by its name; systems add numbers that change over time."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence

# ALSA ends a name with the numbers of client and port, as in "Synth:Synth Port 1 129:0".
_ALSA_NUMBERS = re.compile(r"\s+\d+:\d+$")
# RtMidi numbers the ports of Windows, as in "loopMIDI Port 1".
_WINDOWS_NUMBER = re.compile(r"\s+\d+$")


def stable_name(name: str) -> str:
    """Return the stable part of a system's port name.

    Example:
        >>> stable_name("Midi Through:Midi Through Port-0 14:0")
        'Midi Through:Midi Through Port-0'
    """
    if sys.platform == "win32":
        return _WINDOWS_NUMBER.sub("", name)
    return _ALSA_NUMBERS.sub("", name)


def port_part(name: str) -> str:
    """Return a name without numbers and without the program's name before the colon.

    Example:
        >>> port_part("Midi Through:Midi Through Port-0 14:0")
        'Midi Through Port-0'
    """
    stable = stable_name(name)
    return stable.partition(":")[2] or stable


def matching_ports(wanted: str, names: Sequence[str]) -> list[int]:
    """Return the indices of the ports with a name.

    The name as the system spells it counts most, then its stable part, then the port's own
    part; only the matches of the first kind that has any are returned.

    Args:
        wanted: What the user calls the port.
        names: The system's names.

    Returns:
        Positions in ``names``, in order; more than one when names are not unique.
    """
    kinds: tuple[Callable[[str], str], ...] = (str, stable_name, port_part)
    for part in kinds:
        found = [index for index, name in enumerate(names) if part(name) == wanted]
        if found:
            return found
    return []
