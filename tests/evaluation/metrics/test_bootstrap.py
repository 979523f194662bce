"""Intervals of likelihoods, and differences of models."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.evaluation.metrics.bootstrap import micro_interval, paired_difference


def test_the_mean_is_weighted_by_predictions() -> None:
    """Three nats for one frame and three for three: 6 / 4, not the mean of 3 and 1."""
    assert micro_interval(np.array([3.0, 3.0]), np.array([1, 3])).mean == 1.5


def test_the_ends_are_percentiles_of_all_resamplings() -> None:
    """Two pieces of one frame resample to 0, 1 or 2 with chances 1/4, 1/2, 1/4."""
    nats, counts = np.array([0.0, 2.0]), np.array([1, 1])
    assert micro_interval(nats, counts, share=0.95) == micro_interval(nats, counts)
    wide, middle = micro_interval(nats, counts), micro_interval(nats, counts, share=0.4)
    assert (wide.low, wide.mean, wide.high) == (0.0, 1.0, 2.0)
    assert (middle.low, middle.high) == (1.0, 1.0)


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Of 200 sets of 40 pieces, 95 % of the intervals hold the mean they were drawn around."""
    rng = np.random.default_rng(0)
    counts = np.full(40, 10)
    held = [
        found.low <= 1.0 <= found.high
        for found in (micro_interval(rng.normal(10.0, 3.0, 40), counts) for _ in range(200))
    ]
    assert 0.90 <= np.mean(held) <= 0.99


def test_what_makes_pieces_hard_for_both_drops_out() -> None:
    """Pieces differ by 100 nats, models by exactly 0.1 a frame."""
    counts = np.array([10, 20, 30])
    hard = np.array([5.0, 105.0, 250.0])
    found = paired_difference(hard, hard + 0.1 * counts, counts, seed=3)
    assert found.mean == pytest.approx(-0.1)
    assert [found.low, found.high] == pytest.approx([-0.1, -0.1])
    assert found.excludes_zero


def test_equal_models_have_an_interval_around_zero() -> None:
    """(1 - 2 + 1) / 3 = 0."""
    counts = np.array([1, 1, 1])
    found = paired_difference(np.array([2.0, 1.0, 2.0]), np.array([1.0, 3.0, 1.0]), counts, seed=3)
    assert found.mean == 0.0
    assert not found.excludes_zero


def test_what_cannot_be_averaged_is_refused() -> None:
    one, two = np.array([1.0]), np.array([1.0, 2.0])
    for nats, counts in ((one[:0], []), (two, [1]), (two, [1, 0])):
        with pytest.raises(InvalidArgumentError, match="1 or more"):
            micro_interval(nats, np.array(counts, dtype=np.int64))
    with pytest.raises(InvalidArgumentError, match="one was scored on 2, the other on 1"):
        paired_difference(two, one, np.array([1, 1]))
