"""An exported loop samples ids by the rule of ``Sampler``, for any number of ids."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.export.loop import sample_ids
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions
from tests.runtime.borders import distance_to_border

# Distance to a border below which float32 rounding decides.
ROUNDING = 1e-4

options = st.builds(
    SamplerOptions,
    temperature=st.one_of(st.just(0.0), st.floats(0.05, 4.0)),
    top_k=st.integers(0, 600),
    top_p=st.floats(0.0, 1.0),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 7, 130, 512]), st.floats(0.1, 6.0), options, st.integers(0, 2**31))
def test_samples_as_the_sampler_does(
    size: int, spread: float, chosen: SamplerOptions, seed: int
) -> None:
    """The same draws give the same id, except within float32 rounding of a border."""
    rng = np.random.default_rng(seed)
    logits = (rng.standard_normal(size) * spread).astype(np.float32)
    arguments = (
        tf.constant([chosen.inverse_temperature], tf.float32),
        tf.constant([chosen.limit], tf.float32),
        tf.constant(chosen.reach(size)),
    )
    sampler, twin = Sampler(chosen, seed), Sampler(chosen, seed)
    for _ in range(4):
        draws = twin.draws(1)
        found = int(sample_ids(tf.constant(logits[None]), tf.constant(draws), *arguments)[0])
        expected = sampler.choose(logits, np.ones(size, dtype=np.bool_))
        assert found == expected or distance_to_border(logits, chosen, draws[0]) < ROUNDING
