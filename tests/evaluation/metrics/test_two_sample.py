"""The two-sample test: near one half for alike sets, near one for others, and by group."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.evaluation.metrics.piece_features import piece_features
from magenta_bridge.evaluation.metrics.two_sample import Sample, area_under_curve, two_sample_auc
from magenta_bridge.noteseq import NoteSequence


def normal(rows: int, seed: int) -> NDArray[np.float64]:
    """Return features without any pattern."""
    return np.random.default_rng(seed).normal(size=(rows, 10))


def alone(features: NDArray[np.float64]) -> Sample:
    """Return a set of which each row is a group."""
    return Sample(features, range(len(features)))


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    positive, negative = np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0])
    pairs = [
        (one > other) + (one == other) / 2 for one, other in itertools.product(positive, negative)
    ]
    assert area_under_curve(positive, negative) == np.mean(pairs)


def test_sets_of_one_kind_are_hardly_distinguished() -> None:
    found = [two_sample_auc(alone(normal(80, n)), alone(normal(80, n + 9))) for n in range(4)]
    assert 0.4 < np.mean(found) < 0.6


def test_a_shift_a_missing_value_and_an_interaction_are_found() -> None:
    """The last one, that two signs agree, no single feature tells."""
    people = alone(normal(150, 1))
    shifted, missing, agreeing = (normal(100, seed) for seed in (2, 3, 4))
    shifted[:, 3] += 1.5
    missing[::2, 4] = np.nan
    agreeing[:, 1] = np.abs(agreeing[:, 1]) * np.sign(agreeing[:, 0])
    assert two_sample_auc(alone(shifted), people) > 0.8
    assert two_sample_auc(alone(missing), people) > 0.65
    assert two_sample_auc(alone(agreeing), people) > 0.6


def test_parts_of_one_piece_do_not_betray_each_other() -> None:
    """Ten parts of each of ten pieces, whose features are the piece's: a fold would know them."""
    pieces = np.repeat(normal(10, 1), 10, axis=0) + 0.01 * normal(100, 2)
    others = np.repeat(normal(10, 3), 10, axis=0) + 0.01 * normal(100, 4)
    groups = np.repeat(np.arange(10), 10).tolist()
    assert two_sample_auc(alone(pieces), alone(others)) > 0.95
    assert two_sample_auc(Sample(pieces, groups), Sample(others, groups)) < 0.8


def test_too_few_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="5 groups or more"):
        two_sample_auc(alone(normal(4, 1)), alone(normal(50, 1)))


def music(*, loud: int = 80, late: float = 0.0, bars: int = 9) -> NoteSequence:
    """Return a drum beat of 120 quarter notes a minute."""
    played = NoteSequence(total_time=2.0 * bars)
    for step in range(16 * bars):
        begin = step / 8 + late
        pitch = 36 if step % 8 == 0 else 42
        played.notes.add(
            pitch=pitch, velocity=loud, is_drum=True, start_time=begin, end_time=begin + 0.1
        )
    return played


def test_features_tell_loudness_and_timing_and_are_as_many_without_notes() -> None:
    plain = piece_features(music())
    assert np.flatnonzero(piece_features(music(loud=90)) != plain).size > 8
    assert np.flatnonzero(piece_features(music(late=0.01)) - plain > 1e-6).size == 1
    empty = piece_features(NoteSequence(total_time=8.0))
    assert len(empty) == len(plain) > 90
    assert np.isnan(empty).any()
    assert not np.isnan(plain).any()
