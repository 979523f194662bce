"""Build LiteRT interpreters without their messages on standard error."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

from magenta_bridge.runtime.cpu_kernels import vector_kernels

_first_build = threading.Lock()
_built = threading.Event()


def build_interpreter(flatbuffer: bytes) -> Any:
    """Return an interpreter with its tensors allocated, on one thread.

    LiteRT announces its CPU delegate on standard error once per process, past Python and past
    every log level, so that stream is closed while the first interpreter is built. The first
    interpreter also decides which kernels the process uses; see ``vector_kernels``.

    Raises:
        ValueError: The bytes are not a LiteRT program.
        RuntimeError: The program cannot be run on this machine.
    """
    if _built.is_set():
        return _build(flatbuffer)
    with _first_build, silent_stderr(), vector_kernels():
        interpreter = _build(flatbuffer)
        _built.set()
        return interpreter


def _build(flatbuffer: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=flatbuffer, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Discard what any thread writes to file descriptor 2 inside the block.

    For native libraries that announce themselves regardless of log levels. Python's exceptions
    pass as usual.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a process without a console has no such stream
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device, not a file
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
