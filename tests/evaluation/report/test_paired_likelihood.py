"""Only steps that all models predict count, with equal weight."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.evaluation.likelihood import Piece, StepLikelihoods
from magenta_bridge.evaluation.report.paired_likelihood import align_steps


def _begun(ids: Piece) -> NDArray[np.int64]:
    return (ids > 0).astype(np.int64)


def _even(nats: float, steps: int, first: int = 0) -> StepLikelihoods:
    return StepLikelihoods(np.full(steps, nats), np.ones(steps, dtype=np.bool_), first)


def _piece(*ids: int) -> Piece:
    return np.array(ids, dtype=np.int32)


def test_models_are_compared_on_the_steps_that_both_predict() -> None:
    """One begins two steps late, one ends a step early: three steps and two notes remain."""
    pieces = [_piece(5, 0, 7, 7, 0, 7)]
    kept, likelihood = align_steps(
        {"a": [_even(1.0, 5)], "b": [_even(2.0, 4, first=2)]}, pieces, _begun
    )
    assert kept == [0]
    assert likelihood["a"].steps.tolist() == likelihood["b"].steps.tolist() == [3]
    assert likelihood["a"].notes.tolist() == [2]
    assert likelihood["a"].nats.tolist() == [3.0]
    assert likelihood["b"].nats.tolist() == [6.0]
    assert likelihood["b"].bits_per_note.mean == pytest.approx(3.0 / math.log(2))
    assert likelihood["a"].more_than(likelihood["b"]).mean == pytest.approx(-1.5 / math.log(2))


def test_pieces_that_one_model_cannot_read_count_for_none() -> None:
    pieces = [_piece(1, 1), _piece(1, 1), _piece(0, 0), _piece(1, 1)]
    of_all: list[StepLikelihoods | None] = [_even(1.0, 2)] * 4
    kept, likelihood = align_steps(
        {"a": of_all, "b": [_even(1.0, 2), None, _even(1.0, 2), _even(1.0, 1, first=2)]},
        pieces,
        _begun,
    )
    assert kept == [0]  # the second was not predicted, the third has no note, the fourth no step
    assert len(likelihood["a"].nats) == 1


def test_steps_are_cut_out_where_they_stand() -> None:
    whole = StepLikelihoods(np.arange(6.0), np.zeros(6, dtype=np.bool_), first=10)
    assert whole.end == 16
    part = whole.within(12, 14)
    assert (part.first, part.nats.tolist()) == (12, [2.0, 3.0])
    assert whole.within(0, 99).nats.tolist() == whole.nats.tolist()
    assert whole.within(0, 99).first == 10
    assert whole.within(0, 5).score.steps == 0
