"""Sample pieces from a program, for use where no dataset is available."""

from __future__ import annotations

import numpy as np

from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions


def sample_piece(program: StepProgram, steps: int, seed: int = 0) -> list[int]:
    """Return ids sampled from a step program, from its first start id on.

    Args:
        program: A step program.
        steps: Number of ids after the start id.
        seed: The same seed gives the same piece.
    """
    # Other grammars are part of the network.
    follows_grammar = program.description.get("encoding") == "performance"
    grammar = PerformanceGrammar() if follows_grammar else None
    session, sampler = program.session(), Sampler(SamplerOptions(), seed=seed)
    ids = [session.logit_count]
    for _ in range(steps):
        allowed = grammar.mask() if grammar else np.ones(session.logit_count, dtype=np.bool_)
        ids.append(sampler.choose(session.step(ids[-1]), allowed))
        if grammar:
            grammar.add(ids[-1])
    program.release(session)
    return ids
