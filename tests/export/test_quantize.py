"""A program with four bits a weight is half as large and foretells music nearly as well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.export import quantize as four_bits
from magenta_bridge.export.flatbuffer import Product
from magenta_bridge.export.quantize import product_bytes, to_four_bits
from magenta_bridge.export.self_sample import own_piece
from magenta_bridge.generators.loading import find_bundle
from magenta_bridge.runtime.loop import Automaton
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions

SHOWN, ASKED = range(24), range(100, 108)
STEPS = 128
STEPS_A_CALL = 24


@pytest.fixture(scope="module", params=["lstm_melody", "gru_polyphony"])
def program(request: pytest.FixtureRequest) -> StepProgram:
    """A trained one, on a grid or of frames."""
    return find_bundle(request.param).program


def _pieces(program: StepProgram, seeds: Sequence[int]) -> list[list[int]]:
    return [own_piece(program, STEPS, seed) for seed in seeds]


def _foretold(flatbuffer: bytes, pieces: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Returns the logarithm of the probability of every id after every id, ``(steps, ids)``."""
    session, rows = StepProgram(flatbuffer).session(), []
    for piece in pieces:
        session.reset()
        rows += [session.step(value).astype(np.float64) for value in piece]
    logits = np.stack(rows)
    logits -= logits.max(axis=1, keepdims=True)
    foretold: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return foretold


def _lost(program: StepProgram, flatbuffer: bytes) -> float:
    """Returns the mean Kullback-Leibler divergence of other weights' from a program's own."""
    pieces = _pieces(program, ASKED)
    own, other = (_foretold(each, pieces) for each in (program.flatbuffer, flatbuffer))
    return float((np.exp(own) * (own - other)).sum(axis=1).mean())


@pytest.fixture(scope="module")
def thin(program: StepProgram) -> bytes:
    """The same with four bits, shown what it plays."""
    return to_four_bits(program.flatbuffer, _pieces(program, SHOWN))


def test_it_is_smaller_and_says_the_same_of_itself(program: StepProgram, thin: bytes) -> None:
    assert product_bytes(thin) < 0.7 * product_bytes(program.flatbuffer)
    assert StepProgram(thin).description == program.description


def test_it_foretells_nearly_the_same(
    program: StepProgram, thin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundredth of a nat is lost at most, and less than where each weight is rounded by itself.

    On pieces that it was not shown.
    """
    lost = _lost(program, thin)
    assert 0.0 < lost < 0.01
    monkeypatch.setattr(four_bits, "factor_moments", _nothing_in_common)
    assert lost < 0.75 * _lost(program, to_four_bits(program.flatbuffer, []))


def _nothing_in_common(
    _: bytes, wanted: Sequence[Product], __: object
) -> dict[int, NDArray[np.float64]]:
    return {each.buffer: np.eye(int(each.matrix.shape[1])) for each in wanted}


def test_many_steps_a_call_choose_what_single_steps_do(program: StepProgram, thin: bytes) -> None:
    """Both signatures have the new weights."""
    fed = own_piece(program, 40)
    session, loop = StepProgram(thin).session(), StepProgram(thin).loop_session()
    anything = np.ones((1, loop.logit_count), dtype=np.bool_)
    loop.begin(fed[0])
    loop.feed(np.array(fed[1:], dtype=np.int32))
    rules = Automaton(anything, np.zeros(anything.shape, dtype=np.int32))
    loop.follow(rules, Sampler(SamplerOptions(temperature=0.0), seed=0))
    expected = [int(session.step(value).argmax()) for value in fed][-1:]
    while len(expected) < STEPS_A_CALL:
        expected.append(int(session.step(expected[-1]).argmax()))
    assert loop.choose(STEPS_A_CALL) == expected


def test_where_all_matrices_are_small_all_stay(
    program: StepProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(four_bits, "_LEAST_SHARE", 1.0)
    assert _lost(program, to_four_bits(program.flatbuffer, [])) == 0.0
