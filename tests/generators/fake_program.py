"""A program whose logits a test writes; stands for a ``StepProgram``."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.step_generator import StepGenerator

GeneratorT = TypeVar("GeneratorT", bound=StepGenerator)


class FakeProgram:
    """Returns zeros for logits, and records its inputs; is its own session.

    Args:
        encoding: Encoding of its bundle.
        event_ids: Number of ids.
    """

    loops: Final = False

    def __init__(self, encoding: str, event_ids: int) -> None:
        self.description = {"family": "lstm", "encoding": encoding}
        self.logit_count = event_ids
        self.inputs: list[int] = []

    def session(self) -> FakeProgram:
        return self

    def release(self, session: FakeProgram) -> None:
        assert session is self

    def step(self, value: int) -> NDArray[np.float32]:
        """Record the id and return the logits after it."""
        self.inputs.append(value)
        return self.logits(value)

    def logits(self, value: int) -> NDArray[np.float32]:  # noqa: ARG002 - for subclasses
        """Return the logits after an id, the latest of ``inputs``."""
        return np.zeros(self.logit_count, dtype=np.float32)


def generator_of(kind: type[GeneratorT], program: FakeProgram) -> GeneratorT:
    """Return a generator with a program."""
    held: Any = program
    make: Any = kind
    generator: GeneratorT = make(Bundle("fake", "", "", held, b""))
    return generator
