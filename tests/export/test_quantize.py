"""GPTQ keeps the outputs of a matrix, and an int4 program the likelihood, close to int8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from magenta_bridge.export import quantize
from magenta_bridge.export.quantize import gptq, quantize_int4, weight_bytes
from magenta_bridge.export.self_sample import sample_piece
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.runtime.loop import Automaton
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions

CALIBRATION_SEEDS, HELD_OUT_SEEDS = range(24), range(100, 108)
STEPS = 128
LOOP_STEPS = 24
BITS = 4
MOST = 7


@pytest.fixture(scope="module", params=["lstm_melody", "gru_polyphony"])
def program(request: pytest.FixtureRequest) -> StepProgram:
    """A trained program, on a grid or of frames."""
    return find_bundle(request.param).program


@pytest.fixture(scope="module")
def int4(program: StepProgram) -> bytes:
    """The same program in int4, calibrated on its own samples."""
    return quantize_int4(program.flatbuffer, _sample(program, CALIBRATION_SEEDS))


def _sample(program: StepProgram, seeds: Sequence[int]) -> list[list[int]]:
    return [sample_piece(program, STEPS, seed) for seed in seeds]


def _log_probabilities(flatbuffer: bytes, pieces: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Return the log probability of every id at every step, ``(steps, ids)``."""
    session, rows = StepProgram(flatbuffer).session(), []
    for piece in pieces:
        session.reset()
        rows += [session.step(value).astype(np.float64) for value in piece]
    logits = np.stack(rows)
    logits -= logits.max(axis=1, keepdims=True)
    found: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return found


def _divergence(program: StepProgram, flatbuffer: bytes) -> float:
    """Return the mean Kullback-Leibler divergence from the int8 program on held-out pieces."""
    pieces = _sample(program, HELD_OUT_SEEDS)
    int8, other = (_log_probabilities(each, pieces) for each in (program.flatbuffer, flatbuffer))
    return float((np.exp(int8) * (int8 - other)).sum(axis=1).mean())


def test_it_is_smaller_and_keeps_the_description(program: StepProgram, int4: bytes) -> None:
    assert weight_bytes(int4) < 0.7 * weight_bytes(program.flatbuffer)
    assert StepProgram(int4).description == program.description


def test_probabilities_hardly_change(program: StepProgram, int4: bytes) -> None:
    """By at most 0.01 nats per step, and by less than without calibration data."""
    divergence = _divergence(program, int4)
    assert 0.0 < divergence < 0.01
    assert divergence < 0.75 * _divergence(program, quantize_int4(program.flatbuffer, []))


def test_both_signatures_have_the_new_weights(program: StepProgram, int4: bytes) -> None:
    """Many steps per call choose the ids that single steps choose."""
    primer = sample_piece(program, 40)
    session, loop = StepProgram(int4).session(), StepProgram(int4).loop_session()
    anything = np.ones((1, loop.logit_count), dtype=np.bool_)
    loop.begin(primer[0])
    loop.feed(np.array(primer[1:], dtype=np.int32))
    rules = Automaton(anything, np.zeros(anything.shape, dtype=np.int32))
    loop.follow(rules, Sampler(SamplerOptions(temperature=0.0), seed=0))
    expected = [int(session.step(value).argmax()) for value in primer][-1:]
    while len(expected) < LOOP_STEPS:
        expected.append(int(session.step(expected[-1]).argmax()))
    assert loop.choose(LOOP_STEPS) == expected


def test_small_matrices_stay_int8(program: StepProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "_MIN_SHARE", 1.0)
    assert _divergence(program, quantize_int4(program.flatbuffer, [])) == 0.0


def _nearest(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round each weight independently."""
    scales = np.abs(weights).max(axis=1, keepdims=True) / MOST
    rounded: NDArray[np.float64] = np.round(weights / scales) * scales
    return rounded


def _correlated_inputs(rng: np.random.Generator, rows: int, inputs: int) -> NDArray[np.float64]:
    """Return random inputs with correlated columns, as in a network."""
    causes = rng.standard_normal((rows, inputs // 4))
    mixed = causes @ rng.standard_normal((inputs // 4, inputs))
    return mixed + 0.3 * rng.standard_normal((rows, inputs))


@pytest.mark.parametrize("seed", range(5))
def test_outputs_change_less_than_by_independent_rounding(seed: int) -> None:
    """By half at least, on calibration inputs and on new inputs of the same distribution."""
    rng = np.random.default_rng(seed)
    inputs = _correlated_inputs(rng, 2000, 64)
    calibration = inputs[:1000]
    weights = rng.standard_normal((32, 64))
    codes, scales = gptq(weights, calibration.T @ calibration, bits=BITS)
    rounded = codes * scales[:, np.newaxis].astype(np.float64)
    for part in (calibration, inputs[1000:]):
        independent = np.square(part @ (_nearest(weights) - weights).T).sum()
        assert np.square(part @ (rounded - weights).T).sum() < independent / 2


def test_uncorrelated_inputs_give_independent_rounding() -> None:
    weights = np.random.default_rng(1).standard_normal((8, 16))
    codes, scales = gptq(weights, np.eye(16), bits=BITS)
    np.testing.assert_allclose(codes * scales[:, np.newaxis], _nearest(weights), atol=1e-6)


@given(
    st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 12), st.integers(0, 12),
    st.integers(2, 8),
)  # fmt: skip
def test_codes_fit_their_bits(seed: int, outputs: int, inputs: int, rows: int, bits: int) -> None:
    """For any inputs, including none, and for rows of zero weights."""
    rng = np.random.default_rng(seed)
    activations = rng.standard_normal((rows, inputs)) * rng.integers(0, 2, inputs)
    weights = rng.standard_normal((outputs, inputs)) * rng.integers(0, 2, (outputs, 1))
    codes, scales = gptq(weights, activations.T @ activations, bits=bits)
    assert np.abs(codes).max() < 2 ** (bits - 1)
    assert np.isfinite(scales).all()
    assert (scales > 0).all()
    assert not codes[~weights.any(axis=1)].any()
