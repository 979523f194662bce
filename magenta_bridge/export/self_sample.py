"""What a program plays by itself, where no music is at hand to try it with."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions


class Rules(Protocol):
    """What may come behind what."""

    def mask(self) -> NDArray[np.bool_]:
        """Returns which ids may come next, ``(ids,)``; one at least."""

    def add(self, value: int) -> None:
        """Takes the next id."""


def own_piece(
    program: StepProgram, steps: int, seed: int = 0, rules: Rules | None = None
) -> list[int]:
    """Returns what a step program plays from its first start id on, as ids.

    Args:
        program: A step program.
        steps: How many ids follow the start id.
        seed: The same seed gives the same piece.
        rules: What may come behind what; None where the program alone knows. It takes the ids.
    """
    session, sampler = program.session(), Sampler(SamplerOptions(), seed=seed)
    anything = np.ones(session.logit_count, dtype=np.bool_)
    ids = [session.logit_count]
    for _ in range(steps):
        allowed = anything if rules is None else rules.mask()
        ids.append(sampler.choose(session.step(ids[-1]), allowed))
        if rules is not None:
            rules.add(ids[-1])
    program.release(session)
    return ids
