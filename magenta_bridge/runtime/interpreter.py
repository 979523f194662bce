"""Builds LiteRT interpreters without their chatter."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

_greeting = threading.Lock()
_greeted = threading.Event()


def build_interpreter(flatbuffer: bytes) -> Any:
    """Returns an interpreter with its tensors allocated, on one thread.

    LiteRT announces its CPU delegate on the standard error stream once in each process, past
    Python and past every log level; a musician who waits for one clear sentence there should
    not read it. So the stream is closed to it while the first interpreter is built.

    Raises:
        ValueError: The bytes are no LiteRT program.
        RuntimeError: The program cannot be run here.
    """
    if _greeted.is_set():
        return _build(flatbuffer)
    with _greeting, _silent_stderr():
        interpreter = _build(flatbuffer)
        _greeted.set()
        return interpreter


def _build(flatbuffer: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=flatbuffer, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:  # a program without a console has no such stream
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device, not a file
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
