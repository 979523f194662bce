"""Find a port by its name; systems add numbers that change over time."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Sequence

from magenta_bridge.errors import InvalidArgumentError

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


def shown_names(names: Sequence[str]) -> list[str]:
    """Return names to show: without numbers, unless the numbers alone tell two ports apart."""
    stable = [stable_name(name) for name in names]
    return [
        part if stable.count(part) == 1 else name for part, name in zip(stable, names, strict=True)
    ]


def same_port(name: str, other: str) -> bool:
    """Return whether two names, of an input and an output, are those of one port."""
    return _key(stable_name(name)) == _key(stable_name(other))


def matching_ports(wanted: str, names: Sequence[str]) -> list[int]:
    """Return the indices of the ports with a name.

    The name as the system spells it counts most, then its stable part, then the port's own part,
    then the beginning of any word of it. Upper and lower case, and the ways to encode a letter
    with an accent, count only if they tell two ports apart. Only the matches of the first kind
    that has any are returned.

    Args:
        wanted: What the user calls the port.
        names: The system's names.

    Returns:
        Positions in ``names``, in order; more than one when names are not unique.

    Raises:
        InvalidArgumentError: Several ports have it as a part of their name.
    """
    if not wanted.strip():
        return []
    # A copied name has numbers that may have changed.
    spelled = (wanted, _ALSA_NUMBERS.sub("", wanted))
    kinds: tuple[Callable[[str], str], ...] = (str, stable_name, port_part)
    for spelling in (str, _key):
        for part in kinds:
            for each in dict.fromkeys(map(spelling, spelled)):
                found = [i for i, name in enumerate(names) if spelling(part(name)) == each]
                if found:
                    return found
    beginning = re.compile(r"\b" + re.escape(_key(spelled[1])))
    found = [i for i, name in enumerate(names) if beginning.search(_key(name))]
    if len({names[i] for i in found}) > 1:
        candidates = ", ".join(repr(names[i]) for i in found)
        raise InvalidArgumentError(
            f"{wanted!r} is part of the names of several MIDI ports; name one of {candidates}."
        )
    return found


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
