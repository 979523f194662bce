"""Limit LiteRT to the kernels that are fast for a single row.

Intel's server processors have matrix tiles (AMX), and LiteRT's CPU delegate uses kernels for them
where Linux permits. A stream of music is a single row at a time: most of a tile stays empty, and
4-bit weights are unpacked first. Vector kernels are faster here (``benchmarks/kernels.py``).

The delegate requests tiles once per process, when the first interpreter is built, and works
without them if the request is refused. Linux refuses it while the alternate signal stack of a
thread is too small for the tile registers (``Documentation/arch/x86/xstate.rst``, "Dynamic
features"), so a thread has such a stack while that interpreter is built. Other libraries, such as
TensorFlow, can request tiles later.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import signal
import sys
from collections.abc import Iterator
from typing import Final

# Enough for the AVX-512 registers, about 3.5 KiB, but not for 8 KiB of tiles in addition.
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
    """Make Linux refuse requests for tiles inside the block; do nothing on other systems."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        yield
        return
    room = ctypes.create_string_buffer(_STACK_BYTES)
    small, usual = _Stack(ctypes.addressof(room), 0, _STACK_BYTES), _Stack()
    switch = ctypes.CDLL(None).sigaltstack
    # No signal handler may run on the small stack.
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
