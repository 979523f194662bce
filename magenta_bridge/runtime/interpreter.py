"""Builds LiteRT interpreters without their chatter."""

from __future__ import annotations

import threading
from typing import Any

from magenta_bridge.runtime.cpu_kernels import vector_kernels
from magenta_bridge.runtime.quiet_stderr import silent_stderr

_greeting = threading.Lock()
_greeted = threading.Event()


def build_interpreter(flatbuffer: bytes) -> Any:
    """Returns an interpreter with its tensors allocated, on one thread.

    LiteRT announces its CPU delegate on the standard error stream once in each process, past
    Python and past every log level; a musician who waits for one clear sentence there should
    not read it. So the stream is closed to it while the first interpreter is built. That one also
    decides which kernels the process computes with; see ``vector_kernels``.

    Raises:
        ValueError: The bytes are no LiteRT program.
        RuntimeError: The program cannot be run here.
    """
    if _greeted.is_set():
        return _build(flatbuffer)
    with _greeting, silent_stderr(), vector_kernels():
        interpreter = _build(flatbuffer)
        _greeted.set()
        return interpreter


def _build(flatbuffer: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=flatbuffer, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter
