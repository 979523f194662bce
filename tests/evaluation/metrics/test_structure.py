"""Repetition, on cases counted by hand."""

from __future__ import annotations

import math

import pytest

from magenta_bridge.evaluation.features.polyphony import voices_features
from magenta_bridge.evaluation.metrics.structure import (
    bar_similarity,
    bars_heard_before,
    groove_similarity,
    pitch_class_entropy,
)
from tests.evaluation.metrics.pieces import DRUMS, ONE_NOTE, SILENCE, piece, sequence

# Bars of four steps: C E; the same; C G; silence; the rhythm of the first on other pitches.
NOTES = [(0, 2, 60), (2, 4, 64), (4, 6, 60), (6, 8, 64), (8, 11, 60), (11, 12, 67)]
NOTES += [(16, 18, 65), (18, 20, 69)]
TUNE = piece(*NOTES, bar_steps=4)


def test_bars_are_as_alike_as_the_notes_that_they_share() -> None:
    """Bars 1 and 3 share C on the first step, of C, E and G: one of three."""
    assert bar_similarity(TUNE).tolist() == [
        [1.0, 1.0, pytest.approx(1 / 3), 0.0, 0.0],
        [1.0, 1.0, pytest.approx(1 / 3), 0.0, 0.0],
        [pytest.approx(1 / 3), pytest.approx(1 / 3), 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0],
    ]


def test_a_drum_is_not_the_note_of_its_number() -> None:
    mixed = piece((0, 1, 36), drums=[(4, 5, 36)], bar_steps=4)
    assert bar_similarity(mixed).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_bar_heard_before_has_the_same_notes() -> None:
    """One of five; the figure of the model cards is the same."""
    assert bars_heard_before(TUNE) == 1 / 5
    assert voices_features(sequence(NOTES), 4, 20)["repeated_bars"] == 1 / 5


def test_grooves_are_compared_pair_by_pair() -> None:
    """Onsets are 1010, 1010, 1001, 0000, 1010; steps that differ, of four, for the ten pairs.

    0 2 2 0 for the first bar, 2 2 0 for the second, 2 2 for the third, 2 for the fourth: 14 / 40.
    """
    assert groove_similarity(TUNE) == pytest.approx(1 - 14 / 40)


def test_entropy_is_that_of_windows() -> None:
    """A bar of two pitch classes has 1 bit, and four of five bars have; one is silent.

    Windows of four bars: bars 1 to 4 hold C, E, C, E, C, G; bars 2 to 5 C, E, C, G, F, A.
    """
    assert pitch_class_entropy(TUNE, 1) == pytest.approx(1.0)
    first = -(3 / 6 * math.log2(3 / 6) + 2 / 6 * math.log2(2 / 6) + 1 / 6 * math.log2(1 / 6))
    second = -(2 / 6 * math.log2(2 / 6) + 4 * 1 / 6 * math.log2(1 / 6))
    assert pitch_class_entropy(TUNE, 4) == pytest.approx((first + second) / 2)


def test_a_piece_shorter_than_the_window_is_one() -> None:
    short = piece((0, 2, 60), (2, 4, 72), (4, 8, 62), (6, 8, 62))
    assert pitch_class_entropy(short, 4) == pytest.approx(1.0)


def test_pieces_with_little_in_them() -> None:
    assert bar_similarity(SILENCE).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert bar_similarity(piece()).shape == (0, 0)
    assert bars_heard_before(SILENCE) == 1 / 2
    assert bars_heard_before(piece()) == 0.0
    assert groove_similarity(SILENCE) == 1.0
    assert math.isnan(groove_similarity(ONE_NOTE))
    assert pitch_class_entropy(ONE_NOTE, 1) == 0.0
    assert math.isnan(pitch_class_entropy(SILENCE, 1))
    assert math.isnan(pitch_class_entropy(DRUMS, 1))
