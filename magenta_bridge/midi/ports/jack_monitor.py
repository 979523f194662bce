"""Hears when the JACK server goes away, which RtMidi does not tell.

RtMidi goes on listing a dead server's ports and takes messages for them. JACK tells its clients;
so one more client, without ports and outside the audio graph, listens for that alone.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import sys
from typing import Any

_CLIENT_NAME = b"Magenta Bridge watch"
_DO_NOT_START_A_SERVER = 1

_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class JackWatch:
    """Knows whether the JACK server that answered at first is still there.

    Threading: any thread.

    Raises:
        ConnectionError: No JACK server answers.
    """

    def __init__(self) -> None:
        self._dead = False
        self._on_shutdown = _SHUTDOWN(self._note_death)
        library = jack_library()
        if library is None:
            raise ConnectionError("There is no JACK library.")
        library.jack_client_open.restype = ctypes.c_void_p
        status = ctypes.byref(ctypes.c_int())
        client = library.jack_client_open(_CLIENT_NAME, _DO_NOT_START_A_SERVER, status)
        if not client:
            raise ConnectionError("No JACK server answers.")
        self._library = library
        self._client: ctypes.c_void_p | None = ctypes.c_void_p(client)
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
    """Load the machine's JACK library for RtMidi too; return None when there is none.

    The wheels of RtMidi's bindings bring copies, which a JACK server of another version refuses.
    A library that is loaded globally, and first, takes their place. It prints nothing.
    """
    # find_library starts programs on Linux.
    name = "libjack.so.0" if sys.platform == "linux" else ctypes.util.find_library("jack")
    try:
        library = ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL) if name else None
    except OSError:
        return None
    if library is not None:
        # A C function that does nothing: one of Python's ends the process if JACK calls it while
        # the interpreter ends.
        ignore_message = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)
        library.jack_set_error_function(ignore_message)
        library.jack_set_info_function(ignore_message)
    return library
