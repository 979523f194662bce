"""Likelihood and accuracy against cases worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from magenta_bridge.evaluation.likelihood import Score, log_likelihood, score_logits, total
from magenta_bridge.evaluation.ngram import NGram

_START = 2


def _piece(*events: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array([_START, *events], dtype=np.int32)


def test_logits_are_scored_as_a_softmax() -> None:
    logits = np.log(np.array([[0.25, 0.75], [0.5, 0.5]], dtype=np.float32))
    score = score_logits(logits, np.array([1, 0], dtype=np.int32))
    assert score.nats == pytest.approx(-math.log(0.75) - math.log(0.5), rel=1e-6)
    assert (score.hits, score.steps) == (2, 2)


def test_steps_are_scored_one_by_one() -> None:
    logits = np.log(np.array([[0.25, 0.75], [0.5, 0.5]], dtype=np.float32))
    likelihood = log_likelihood(logits, np.array([0, 0], dtype=np.int32), first=4)
    assert likelihood.nats.tolist() == pytest.approx([-math.log(0.25), -math.log(0.5)], rel=1e-6)
    assert likelihood.hits.tolist() == [False, True]
    assert (likelihood.first, likelihood.end) == (4, 6)
    assert likelihood.moved(9).first == 9
    assert likelihood.score.nats == pytest.approx(-math.log(0.125), rel=1e-6)


def test_totals_weigh_every_step_the_same() -> None:
    whole = total([Score(3.0, 1, 1), Score(3.0, 2, 5)])
    assert whole.nats_per_step == pytest.approx(1.0)
    assert whole.accuracy == pytest.approx(0.5)


def test_the_interpolation_is_that_of_witten_and_bell() -> None:
    """Count of one short piece, mixed by hand."""
    model = NGram(event_ids=2, order=1).fit([_piece(0, 0, 1)])
    unigram_zero = 0.5 * 2 / 5 + 2 / 5
    zero_after_zero = unigram_zero * 2 / 4 + 1 / 4
    zero_after_start = unigram_zero * 1 / 2 + 1 / 2
    orders = model.score([_piece(0, 0)])
    assert orders[0].nats == pytest.approx(-2 * math.log(unigram_zero))
    assert orders[1].nats == pytest.approx(-math.log(zero_after_start) - math.log(zero_after_zero))


def test_probabilities_sum_to_one_in_every_context() -> None:
    rng = np.random.default_rng(3)
    model = NGram(event_ids=3, order=3).fit([_piece(*rng.integers(0, 3, 50)) for _ in range(4)])
    context = [0, 1]
    chances = [math.exp(-model.score([_piece(*context, last)])[3].nats) for last in range(3)]
    before = math.exp(-model.score([_piece(*context)])[3].nats)
    assert sum(chances) == pytest.approx(before)


def test_an_unseen_context_falls_back_to_the_shorter_one() -> None:
    model = NGram(event_ids=3, order=2).fit([_piece(0, 0, 0, 0)])
    orders = model.score([_piece(1, 2)])
    assert orders[2].nats == pytest.approx(orders[1].nats)


def test_the_place_in_the_bar_is_part_of_the_context() -> None:
    """Events that alternate by position are predicted once the position is known."""
    pieces = [_piece(*([0, 1] * 20))]
    blind = NGram(event_ids=2, order=0).fit(pieces).score(pieces)[0]
    likelihood = (
        NGram(2, 0, lambda piece: np.arange(len(piece) - 1) % 2).fit(pieces).score(pieces)[0]
    )
    assert blind.accuracy == pytest.approx(0.5)
    assert likelihood.accuracy == 1.0
    assert likelihood.nats < blind.nats / 5
