"""Keeps LiteRT to the kernels that are fast for one row.

Server processors of Intel's have tiles for multiplying matrices (AMX), and LiteRT's CPU delegate
takes the kernels that use them wherever Linux grants them. A stream of music is a single row at
a time: most of a tile stays empty, and weights of four bits are unpacked first. The kernels for
vectors take less time there, by a tenth with weights of eight bits and by half with four.

The delegate asks Linux for the tiles once in a process, when the first interpreter is built, and
does without where it is refused. Linux refuses while the alternate signal stack of a thread
could not hold the tiles as well (``Documentation/arch/x86/xstate.rst``, "Dynamic features"), so
a thread has such a stack for as long as that interpreter is being built. Others in the process,
TensorFlow for one, may ask again later and are granted what they want.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import signal
import sys
from collections.abc import Iterator
from typing import Final

# Holds the registers of AVX-512, some 3.5 KiB, and not the 8 KiB of tiles besides.
_STACK_BYTES: Final = 8192


class _Stack(ctypes.Structure):
    """``stack_t`` of Linux on x86-64; see sigaltstack(2)."""

    _fields_ = (
        ("sp", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("size", ctypes.c_size_t),
    )


@contextlib.contextmanager
def vector_kernels() -> Iterator[None]:
    """Has Linux refuse the tiles to whoever asks inside; does nothing on other systems."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        yield
        return
    room = ctypes.create_string_buffer(_STACK_BYTES)
    small, usual = _Stack(ctypes.addressof(room), 0, _STACK_BYTES), _Stack()
    switch = ctypes.CDLL(None).sigaltstack
    # No handler is to run on the small stack.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        switched = switch(ctypes.byref(small), ctypes.byref(usual)) == 0
        try:
            yield
        finally:
            if switched:
                switch(ctypes.byref(usual), None)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
