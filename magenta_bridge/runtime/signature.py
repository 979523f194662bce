"""Call one signature of a LiteRT program, with inputs and outputs by name."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.runtime.interpreter import build_interpreter


class Signature(Protocol):
    """A signature that is ready to be called; LiteRT releases the GIL while it computes.

    Threading: one thread at a time.

    Attributes:
        blanks: Zeros for each input, by name.
        outputs: Names of the outputs.
    """

    blanks: dict[str, NDArray[Any]]
    outputs: frozenset[str]

    def set(self, name: str, value: NDArray[Any]) -> None:
        """Set an input; it is kept for later calls."""

    def invoke(self) -> None:
        """Run the program."""

    def get(self, name: str) -> NDArray[Any]:
        """Return a copy of an output of the last call."""


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
    return _First(interpreter, runner) if subgraph == 0 else _Other(runner)


def _blanks(runner: Any) -> dict[str, NDArray[Any]]:
    return {
        name: np.zeros(detail["shape"], dtype=detail["dtype"])
        for name, detail in runner.get_input_details().items()
    }


class _First:
    """The signature of a program's first subgraph, called by the interpreter's methods."""

    def __init__(self, interpreter: Any, runner: Any) -> None:
        # Do not keep the runner: the interpreter refuses to run while one exists.
        self.blanks = _blanks(runner)
        self._inputs = {name: each["index"] for name, each in runner.get_input_details().items()}
        self._results = {name: each["index"] for name, each in runner.get_output_details().items()}
        self.outputs = frozenset(self._results)
        self._interpreter = interpreter

    def set(self, name: str, value: NDArray[Any]) -> None:
        self._interpreter.set_tensor(self._inputs[name], value)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get(self, name: str) -> NDArray[Any]:
        found: NDArray[Any] = self._interpreter.get_tensor(self._results[name])
        return found


class _Other:
    """A signature of a later subgraph; LiteRT's runner copies every input on each call."""

    def __init__(self, runner: Any) -> None:
        self.blanks = _blanks(runner)
        self.outputs = frozenset(runner.get_output_details())
        self._runner = runner
        self._held = dict(self.blanks)
        self._found: dict[str, NDArray[Any]] = {}

    def set(self, name: str, value: NDArray[Any]) -> None:
        self._held[name] = value

    def invoke(self) -> None:
        self._found = self._runner(**self._held)

    def get(self, name: str) -> NDArray[Any]:
        return self._found[name]
