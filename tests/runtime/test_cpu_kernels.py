"""The first interpreter of a process does not request matrix tiles and has no side effects."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys

import pytest

from magenta_bridge.runtime.cpu_kernels import vector_kernels

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="Windows and macOS grant tiles on every request"
)

_PERMISSION = 1 << 18  # XTILEDATA
_PRINT_PERMISSIONS = f"""
import ctypes, platform
from pathlib import Path
from magenta_bridge.generators.loading import find_bundle

find_bundle("lstm_melody").program.session()
granted = ctypes.c_ulong()
if platform.machine() == "x86_64":  # arch_prctl(ARCH_GET_XCOMP_PERM)
    ctypes.CDLL(None).syscall(158, 0x1022, ctypes.byref(granted))
print(bool(granted.value & {_PERMISSION}))
"""


class _Stack(ctypes.Structure):
    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def _alternate_stack() -> tuple[int, int]:
    found = _Stack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(found)) == 0
    return found.flags, found.size


def test_a_serving_process_has_no_permission_for_tiles() -> None:
    """Always true on processors without tiles, and without Linux support for them."""
    done = subprocess.run(
        [sys.executable, "-c", _PRINT_PERMISSIONS], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_the_signals_and_stack_of_the_thread_are_restored() -> None:
    before = _alternate_stack(), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with vector_kernels():
        assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert (_alternate_stack(), signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before


def test_they_are_restored_after_an_error() -> None:
    before = _alternate_stack(), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(ValueError, match="no program"), vector_kernels():
        raise ValueError("no program")
    assert (_alternate_stack(), signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before
