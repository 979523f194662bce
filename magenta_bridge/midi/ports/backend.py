"""The machine's MIDI system, through RtMidi, and what is left of it when it dies.

After a system's death its ports must not be touched: RtMidi ends the process when they are
closed. They are given up as they are, and a new system is looked for.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

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
    "alsa": "LINUX_ALSA",
    "jack": "UNIX_JACK",
    "coremidi": "MACOSX_CORE",
    "windows": "WINDOWS_MM",
}
_ADVICE = {
    "linux": "load ALSA's sequencer (sudo modprobe snd-seq) or start JACK",
    "darwin": "open Audio MIDI Setup and put the IAC Driver online",
    "win32": "install a virtual MIDI cable such as loopMIDI and add a port in it",
}


class Binding(NamedTuple):
    """A Python binding of RtMidi.

    Attributes:
        ends: The class of each direction's ports.
        apis: RtMidi's constant of each system that the binding was compiled for.
        errors: What the methods of the ends raise.
    """

    ends: dict[Direction, Any]
    apis: dict[str, Any]
    errors: tuple[type[Exception], ...]


@functools.cache
def binding() -> Binding:
    """Load python-rtmidi, or supriya-midi: it has wheels for Python 3.13 and later."""
    # RtMidi then uses this library of JACK, not the copy in its wheel: see jack_monitor.
    jack_library()
    try:
        import rtmidi as library
    except ImportError:
        import supriya_midi as library

        compiled = {api.name: api for api in library.get_compiled_apis()}
    else:
        known = {name: getattr(library, f"API_{name}") for name in _SYSTEMS.values()}
        compiled = {name: api for name, api in known.items() if api in library.get_compiled_api()}
    return Binding(
        ends={"input": library.MidiIn, "output": library.MidiOut},
        apis={name: compiled[api] for name, api in _SYSTEMS.items() if api in compiled},
        errors=(library.RtMidiError, OSError, RuntimeError, ValueError),
    )


def set_receiver(end: Any, receive: Callable[[Sequence[int]], None]) -> None:  # noqa: ANN401
    """Make an input call a function with the bytes of each message, on RtMidi's thread."""

    def receive_event(event: Any, *_: object) -> None:  # noqa: ANN401 - rtmidi names no types
        # python-rtmidi passes ((bytes, seconds), data); supriya-midi passes bytes, seconds, data.
        receive(event[0] if isinstance(event, tuple) else event)

    end.set_callback(receive_event)


class MidiSystem:
    """One MIDI system that answered: ALSA, JACK, CoreMIDI or Windows.

    Threading: any thread, one at a time.

    Args:
        name: One of "alsa", "jack", "coremidi", "windows".

    Raises:
        ConnectionError: The system does not answer.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._ends, self._api = binding().ends, binding().apis[name]
        self._dead = False
        # Raises the error when there is no server; supriya-midi reports that later.
        self._watch = JackWatch() if name == "jack" else None
        self._listers = {way: self._new_client(way, LISTER_NAME) for way in self._ends}
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
        except binding().errors as error:
            self._dead = True
            raise PortGoneError("The MIDI system went away.") from error
        return ["" if _is_own_end(name) else name for name in names]

    def new_end(self, direction: Direction) -> Any:  # noqa: ANN401 - rtmidi names no types
        """Returns an RtMidi object that can open a port, and is to be deleted by its ``delete``.

        Raises:
            PortGoneError: The system has died.
        """
        return self._new_client(direction, CLIENT_NAME)

    def _new_client(self, direction: Direction, name: str) -> Any:  # noqa: ANN401
        try:
            return _keep(self._ends[direction](self._api, name))
        except binding().errors as error:
            self._dead = True
            raise PortGoneError("The MIDI system went away.") from error

    def _close(self) -> None:
        if self.dead:
            # At the end of Python supriya-midi would print a list of the ports given up.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
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
            except ConnectionError:
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
    names = [name for name in binding().apis if chosen in ("", name)]
    # ALSA's library prints to the terminal when its device is missing.
    if "alsa" in names and not _ALSA_DEVICE.exists():
        names.remove("alsa")
    return names


def _is_own_end(name: str) -> bool:
    client, _, port = name.partition(":")
    return client.startswith(CLIENT_NAME) and port.startswith(tuple(OWN_ENDS.values()))
