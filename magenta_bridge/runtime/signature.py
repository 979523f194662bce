"""Calls one signature of a LiteRT program, its tensors set and read one by one."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.runtime.interpreter import build_interpreter


class Signature(Protocol):
    """A signature that is ready to be called; LiteRT lets go of Python's lock while it computes.

    Threading: one thread at a time.

    Attributes:
        blanks: A zero for each input, by name.
        outputs: Names of the outputs.
    """

    blanks: dict[str, NDArray[Any]]
    outputs: frozenset[str]

    def set(self, name: str, value: NDArray[Any]) -> None:
        """Sets an input; it stays so for all calls until it is set again."""

    def invoke(self) -> None:
        """Computes."""

    def get(self, name: str) -> NDArray[Any]:
        """Returns an output of the last call; the caller's own copy."""


def open_signature(flatbuffer: bytes, name: str, *, subgraph: int) -> Signature:
    """Makes a signature ready, in an interpreter of its own.

    Args:
        flatbuffer: The program.
        name: The signature.
        subgraph: Index of its subgraph.

    Raises:
        ValueError: The bytes are no LiteRT program, or it has no such signature.
        RuntimeError: The program cannot be run here.
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
    """The signature of a program's first subgraph, which the interpreter's own methods reach."""

    def __init__(self, interpreter: Any, runner: Any) -> None:
        # The runner is not kept: the interpreter refuses to compute while one lives.
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
    """A signature of a later subgraph: LiteRT's runner copies and checks every input anew."""

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
