"""The machine's MIDI system, through RtMidi, and what is left of it when it dies.

After a system's death its ports must not be touched: RtMidi ends the process when they are
closed. They are given up as they are, and a new system is looked for.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
from pathlib import Path
from typing import Any, Final, Literal

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.midi.ports.jack_monitor import JackWatch, jack_library
from magenta_bridge.midi.ports.port import PortGoneError

Direction = Literal["input", "output"]

CLIENT_NAME: Final = "Magenta Bridge"
LISTER_NAME: Final = "Magenta Bridge list"
SYSTEM_VARIABLE: Final = "MAGENTA_BRIDGE_MIDI"

# What our ends of a connection are called, so that they are not listed as ports of others.
OWN_ENDS: Final = {"input": "hears", "output": "plays"}

_ALSA_DEVICE = Path("/dev/snd/seq")
_SYSTEMS: dict[str, str] = {
    "alsa": "API_LINUX_ALSA",
    "jack": "API_UNIX_JACK",
    "coremidi": "API_MACOSX_CORE",
    "windows": "API_WINDOWS_MM",
}
_ADVICE = {
    "linux": "load ALSA's sequencer (sudo modprobe snd-seq) or start JACK",
    "darwin": "open Audio MIDI Setup and put the IAC Driver online",
    "win32": "install a virtual MIDI cable such as loopMIDI and add a port in it",
}


class MidiSystem:
    """One MIDI system that answered: ALSA, JACK, CoreMIDI or Windows.

    Threading: any thread, one at a time.

    Args:
        name: One of "alsa", "jack", "coremidi", "windows".

    Raises:
        OSError: The system does not answer.
    """

    def __init__(self, name: str) -> None:
        import rtmidi

        self.name = name
        self._api = getattr(rtmidi, _SYSTEMS[name])
        self._errors: tuple[type[BaseException], ...] = (rtmidi.RtMidiError, RuntimeError)
        self._listers = {
            "input": _keep(rtmidi.MidiIn(self._api, name=LISTER_NAME)),
            "output": _keep(rtmidi.MidiOut(self._api, name=LISTER_NAME)),
        }
        self._watch = JackWatch() if name == "jack" else None
        self._dead = False
        # A JACK server takes it badly when a program ends without a word.
        atexit.register(self._close)

    @property
    def dead(self) -> bool:
        """Whether the system went away; its ports must not be touched then."""
        return self._dead or (self._watch is not None and self._watch.dead)

    def port_names(self, direction: Direction) -> list[str]:
        """Returns the names of the ports of others, in the system's order and spelling.

        Our own ends are left in as empty names: RtMidi opens ports by position.

        Raises:
            PortGoneError: The system has died.
        """
        if self.dead:
            raise PortGoneError("The MIDI system went away.")
        try:
            names = self._listers[direction].get_ports()
        except self._errors as error:
            self._dead = True
            raise PortGoneError("The MIDI system went away.") from error
        return ["" if _is_own_end(name) else name for name in names]

    def new_end(self, direction: Direction) -> Any:  # noqa: ANN401 - rtmidi names no types
        """Returns an RtMidi object that can open a port, and is to be deleted by its ``delete``.

        Raises:
            PortGoneError: The system has died.
        """
        import rtmidi

        kind = rtmidi.MidiIn if direction == "input" else rtmidi.MidiOut
        try:
            return _keep(kind(self._api, name=CLIENT_NAME))
        except self._errors as error:
            self._dead = True
            raise PortGoneError("The MIDI system went away.") from error

    def _close(self) -> None:
        if self.dead:
            return
        self._dead = True
        for lister in self._listers.values():
            lister.delete()
        if self._watch is not None:
            self._watch.close()


def _keep(end: Any) -> Any:  # noqa: ANN401 - rtmidi names no types
    """Keeps Python from ever cleaning an RtMidi object up, which crashes when its system died."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(end))
    return end


class _Current:
    """The system in use by this process, found when first asked for."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.system: MidiSystem | None = None


_current = _Current()


def current_system() -> MidiSystem:
    """Returns the machine's MIDI system, looking for it anew if the one before has died.

    Raises:
        UnsupportedError: There is none.
        InvalidArgumentError: The environment variable names a system that does not exist.
    """
    with _current.lock:
        if _current.system is not None and not _current.system.dead:
            return _current.system
        _current.system = None
        for name in _candidates():
            try:
                _current.system = MidiSystem(name)
            except (OSError, RuntimeError):
                continue
            return _current.system
    advice = _ADVICE.get(sys.platform, "start one")
    raise UnsupportedError(f"No MIDI system answers on this machine; {advice}, or play to 'echo'.")


def _candidates() -> list[str]:
    """Returns the names of the systems to try, in order."""
    chosen = os.environ.get(SYSTEM_VARIABLE, "").lower()
    if chosen and chosen not in _SYSTEMS:
        raise InvalidArgumentError(
            f"{SYSTEM_VARIABLE}={chosen} names no MIDI system; choose one of {', '.join(_SYSTEMS)}."
        )
    import rtmidi

    compiled = set(rtmidi.get_compiled_api())
    names = [name for name, api in _SYSTEMS.items() if getattr(rtmidi, api) in compiled]
    if chosen:
        names = [name for name in names if name == chosen]
    # ALSA's library complains on the terminal when its device is missing; JACK's is told not to.
    if "alsa" in names and not _ALSA_DEVICE.exists():
        names.remove("alsa")
    if "jack" in names:
        jack_library()
    return names


def _is_own_end(name: str) -> bool:
    client, _, port = name.partition(":")
    return client.startswith(CLIENT_NAME) and port.startswith(tuple(OWN_ENDS.values()))
