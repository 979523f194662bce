"""LiteRT interpreters, built without their messages on standard error, and their signatures."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


class Signature:
    """A signature that is ready to be called; LiteRT releases the GIL while it computes.

    It belongs to a later subgraph; LiteRT's runner copies every input on each call.

    Threading: one thread at a time.

    Attributes:
        blanks: Zeros for each input, by name.
        outputs: Names of the outputs.
    """

    def __init__(self, runner: Any) -> None:
        inputs = runner.get_input_details()
        self.blanks: dict[str, NDArray[Any]] = {
            name: np.zeros(each["shape"], dtype=each["dtype"]) for name, each in inputs.items()
        }
        self.outputs = frozenset(runner.get_output_details())
        self._runner = runner
        self._values = dict(self.blanks)
        self._found: dict[str, NDArray[Any]] = {}

    def set(self, name: str, value: NDArray[Any]) -> None:
        """Set an input; it is kept for later calls."""
        self._values[name] = value

    def invoke(self) -> None:
        """Run the program."""
        self._found = self._runner(**self._values)

    def get(self, name: str) -> NDArray[Any]:
        """Return a copy of an output of the last call."""
        return self._found[name]


class _FirstSignature(Signature):
    """The signature of a program's first subgraph, called by the interpreter's methods."""

    def __init__(self, interpreter: Any, runner: Any) -> None:
        super().__init__(runner)
        # Do not keep the runner: the interpreter refuses to run while one exists.
        del self._runner
        self._inputs = {name: each["index"] for name, each in runner.get_input_details().items()}
        self._results = {name: each["index"] for name, each in runner.get_output_details().items()}
        self._interpreter = interpreter

    def set(self, name: str, value: NDArray[Any]) -> None:
        self._interpreter.set_tensor(self._inputs[name], value)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get(self, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self._interpreter.get_tensor(self._results[name])
        return found


def open_signature(flatbuffer: bytes, name: str, *, subgraph: int) -> Signature:
    """Prepare a signature in a new interpreter.

    Args:
        flatbuffer: The program.
        name: The signature.
        subgraph: Index of its subgraph.

    Raises:
        ValueError: The bytes are not a LiteRT program, or it lacks the signature.
        RuntimeError: The program cannot be run on this machine.
    """
    interpreter = build_interpreter(flatbuffer)
    runner = interpreter.get_signature_runner(name)
    return _FirstSignature(interpreter, runner) if subgraph == 0 else Signature(runner)
