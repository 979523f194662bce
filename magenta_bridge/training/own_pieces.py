"""What a program plays by itself, where no music is at hand to try it with."""

from __future__ import annotations

import numpy as np

from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions


def own_piece(program: StepProgram, steps: int, seed: int = 0) -> list[int]:
    """Returns what a step program plays from its first start id on, as ids.

    Args:
        program: A step program.
        steps: How many ids follow the start id.
        seed: The same seed gives the same piece.
    """
    session, sampler = program.session(), Sampler(SamplerOptions(), seed=seed)
    anything = np.ones(session.logit_count, dtype=np.bool_)
    ids = [session.logit_count]
    for _ in range(steps):
        ids.append(sampler.choose(session.step(ids[-1]), anything))
    program.release(session)
    return ids
