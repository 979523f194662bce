"""Hears when the JACK server goes away, which RtMidi does not tell.

RtMidi goes on listing a dead server's ports and takes messages for them. JACK tells its clients;
so one more client, without ports and outside the audio graph, listens for that alone.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CLIENT_NAME = b"Magenta Bridge watch"
_DO_NOT_START_A_SERVER = 1

_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_MESSAGE = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
# JACK may call these for as long as the process lives.
_ignore_message = _MESSAGE(lambda _text: None)


class JackWatch:
    """Knows whether the JACK server that answered at first is still there.

    Without JACK's library the watch sees nothing and says that the server lives.

    Threading: any thread.
    """

    def __init__(self) -> None:
        self._dead = False
        self._client: ctypes.c_void_p | None = None
        self._library: Any = None
        self._on_shutdown = _SHUTDOWN(self._note_death)
        library = jack_library()
        if library is None:
            return
        library.jack_client_open.restype = ctypes.c_void_p
        status = ctypes.c_int()
        client = library.jack_client_open(
            _CLIENT_NAME, _DO_NOT_START_A_SERVER, ctypes.byref(status)
        )
        if client:
            self._client = ctypes.c_void_p(client)
            self._library = library
            library.jack_on_shutdown(self._client, self._on_shutdown, None)
            _alive.append(self)

    @property
    def dead(self) -> bool:
        """Whether the server went away; that one does not come back."""
        return self._dead

    def close(self) -> None:
        """Takes leave of the server, if it is still there; a second call does nothing."""
        client, self._client = self._client, None
        if client is not None and not self._dead:
            self._library.jack_client_close(client)

    def _note_death(self, _argument: int | None) -> None:
        self._dead = True


# A watch must outlive its client: JACK calls it from a thread of its own. Closing a client after
# its server's death ends the process.
_alive: list[JackWatch] = []


@functools.cache
def jack_library() -> Any | None:  # noqa: ANN401 - a library's functions have no types
    """Returns the library that RtMidi speaks to JACK with; None when there is none.

    It no longer prints to the terminal.
    """
    for path in _library_paths():
        try:
            library = ctypes.CDLL(path)
        except OSError:
            continue
        library.jack_set_error_function(_ignore_message)
        library.jack_set_info_function(_ignore_message)
        return library
    return None


def _library_paths() -> Iterator[str]:
    # The wheel of python-rtmidi brings a copy of its own, which must be the one that is asked.
    spec = importlib.util.find_spec("rtmidi")
    folders = (spec.submodule_search_locations or ()) if spec else ()
    for folder in folders:
        yield from map(str, sorted(Path(folder).parent.glob("python_rtmidi*/libjack*")))
    # Asked last: it starts programs to look.
    system = ctypes.util.find_library("jack")
    if system:
        yield system
