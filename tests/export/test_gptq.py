"""Rounded weights stay near the others in what they compute, which is what they are for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from magenta_bridge.export.quantize import round_weights

BITS = 4
MOST = 7


def _nearest(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounds each weight by itself."""
    scales = np.abs(weights).max(axis=1, keepdims=True) / MOST
    rounded: NDArray[np.float64] = np.round(weights / scales) * scales
    return rounded


def _alike_inputs(rng: np.random.Generator, rows: int, inputs: int) -> NDArray[np.float64]:
    """Draws inputs that go together, as those of a network do."""
    causes = rng.standard_normal((rows, inputs // 4))
    mixed = causes @ rng.standard_normal((inputs // 4, inputs))
    return mixed + 0.3 * rng.standard_normal((rows, inputs))


@pytest.mark.parametrize("seed", range(5))
def test_products_change_less_than_by_rounding_each_weight(seed: int) -> None:
    """By half at least, on inputs of the kind that it was shown and on the next of that kind."""
    rng = np.random.default_rng(seed)
    inputs = _alike_inputs(rng, 2000, 64)
    shown, others = inputs[:1000], inputs[1000:]
    weights = rng.standard_normal((32, 64))
    codes, scales = round_weights(weights, shown.T @ shown, bits=BITS)
    rounded = codes * scales[:, np.newaxis].astype(np.float64)
    for seen in (shown, others):
        by_itself = np.square(seen @ (_nearest(weights) - weights).T).sum()
        assert np.square(seen @ (rounded - weights).T).sum() < by_itself / 2


def test_inputs_that_have_nothing_in_common_leave_nothing_to_make_up_for() -> None:
    weights = np.random.default_rng(1).standard_normal((8, 16))
    codes, scales = round_weights(weights, np.eye(16), bits=BITS)
    np.testing.assert_allclose(codes * scales[:, np.newaxis], _nearest(weights), atol=1e-6)


@given(
    st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 12), st.integers(0, 12),
    st.integers(2, 8),
)  # fmt: skip
def test_codes_fit_their_bits(seed: int, outputs: int, inputs: int, rows: int, bits: int) -> None:
    """Whatever was heard, nothing included, and where rows of weights are zeros."""
    rng = np.random.default_rng(seed)
    heard = rng.standard_normal((rows, inputs)) * rng.integers(0, 2, inputs)
    weights = rng.standard_normal((outputs, inputs)) * rng.integers(0, 2, (outputs, 1))
    codes, scales = round_weights(weights, heard.T @ heard, bits=bits)
    assert np.abs(codes).max() < 2 ** (bits - 1)
    assert np.isfinite(scales).all()
    assert (scales > 0).all()
    assert not codes[~weights.any(axis=1)].any()
