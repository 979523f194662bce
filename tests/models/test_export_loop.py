"""Inside an exported loop ids are drawn by the sampler's rule, for any number of ids."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from magenta_bridge.models.registry import network_kinds
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions
from magenta_bridge.training.export import export_program
from magenta_bridge.training.export_loop import Drawing, loop_drift
from tests.models.tiny import draw_fed, tiny_network

# Fewer ids than are sorted at once, and more.
SIZES = (1, 7, 130, 161, 512)
LOOPING = [kind for kind in network_kinds() if kind[1] in ("melody", "drums")]

options = st.builds(
    SamplerOptions,
    temperature=st.one_of(st.just(0.0), st.floats(0.05, 4.0)),
    top_k=st.integers(0, 600),
    top_p=st.floats(0.0, 1.0),
)


def shares_to(logits: NDArray[np.float32], chosen: SamplerOptions) -> NDArray[np.float64]:
    """Returns the numbers at which one id's share of the draw ends and the next one's begins."""
    level = logits.astype(np.float64) * chosen.sharpness
    weights = np.sort(np.exp(level - level.max()))[::-1]
    sums = np.cumsum(weights)
    reached = int(np.searchsorted(sums, chosen.top_p * sums[-1])) if chosen.top_p < 1 else len(sums)
    last = min(reached, (chosen.kept or len(sums)) - 1, len(sums) - 1)
    ends: NDArray[np.float64] = sums[: last + 1] / sums[last]
    return ends


@settings(max_examples=60)
@given(st.sampled_from(SIZES), st.floats(0.1, 6.0), options, st.integers(0, 2**31))
def test_the_program_draws_as_the_sampler_does(
    size: int, spread: float, chosen: SamplerOptions, seed: int
) -> None:
    """The same number leads to the same id, unless float32 cannot tell on which side it is."""
    rng = np.random.default_rng(seed)
    logits = (rng.standard_normal(size) * spread).astype(np.float32)
    sharpness, reach = chosen.as_tensors(size)
    drawing = Drawing(tf.constant(sharpness), tf.constant(reach))
    sampler, twin = Sampler(chosen, seed), Sampler(chosen, seed)
    for _ in range(4):
        draw = twin.draws(1)
        found = int(drawing(tf.constant(logits[None]), tf.constant(draw))[0])
        expected = sampler.choose(logits, np.ones(size, dtype=np.bool_))
        near = np.abs(shares_to(logits, chosen) - float(draw[0])).min() < 1e-4
        assert found == expected or near or logits[found] == logits[expected]


@pytest.mark.parametrize("kind", LOOPING, ids="-".join)
def test_both_signatures_are_the_network(kind: tuple[str, str]) -> None:
    """And another network's are not."""
    network = tiny_network(*kind)
    probe = draw_fed(kind[1], 2, 3)[:40].tolist()
    program = export_program(network, {"family": "tiny"}, int8=False, probe=probe)
    assert StepProgram(program).loops
    assert loop_drift(network, program, probe) < 1e-4
    assert loop_drift(tiny_network(*kind, seed=4), program, probe) > 1e-3


@pytest.mark.parametrize("encoding", ["polyphony", "performance"])
def test_grammars_that_are_no_automaton_get_no_loop(encoding: str) -> None:
    """It would lie in the bundle unused."""
    probe = draw_fed(encoding, 2, 1)[:4].tolist()
    program = export_program(tiny_network("gru", encoding), {"a": 1}, int8=False, probe=probe)
    assert not StepProgram(program).loops
