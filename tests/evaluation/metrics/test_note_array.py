"""Pieces as arrays."""

from __future__ import annotations

import pytest

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.evaluation.metrics.note_array import tones_of
from magenta_bridge.noteseq import NoteSequence
from tests.evaluation.metrics.pieces import SILENCE, piece, sequence


def test_notes_are_sorted_by_start_then_pitch() -> None:
    tones = piece((4, 6, 60), (0, 4, 67), (0, 2, 64), drums=[(2, 3, 38)])
    assert tones.start.tolist() == [0, 0, 2, 4]
    assert tones.end.tolist() == [2, 4, 3, 6]
    assert tones.length.tolist() == [2, 4, 1, 2]
    assert tones.pitch.tolist() == [64, 67, 38, 60]
    assert tones.drum.tolist() == [False, False, True, False]
    assert (tones.steps, tones.bar_steps, tones.bars, len(tones)) == (6, 16, 1, 4)
    assert tones.pitched().pitch.tolist() == [64, 67, 60]
    assert tones.start.dtype == tones.end.dtype == tones.pitch.dtype == "int64"


def test_seconds_are_put_on_the_grid() -> None:
    """At 120 quarters a minute a sixteenth lasts an eighth of a second."""
    trained_on = NoteSequence(total_time=1.0)
    trained_on.notes.add(start_time=0.26, end_time=0.5, pitch=60, velocity=90)
    tones = tones_of(trained_on)
    assert (tones.start.tolist(), tones.end.tolist(), tones.steps) == ([2], [4], 4)


@pytest.mark.parametrize(
    ("numerator", "denominator", "steps"), [(4, 4, 16), (3, 4, 12), (6, 8, 12), (5, 4, 20)]
)
def test_bars_are_those_of_the_first_meter(numerator: int, denominator: int, steps: int) -> None:
    written = sequence([(0, 4, 60)])
    written.time_signatures.add(numerator=numerator, denominator=denominator)
    written.time_signatures.add(time=4.0, numerator=2, denominator=4)
    assert tones_of(written).bar_steps == steps


def test_a_bar_of_a_fraction_of_a_step_is_taken_for_the_nearest() -> None:
    """A bar of 5/32 is two and a half sixteenths; the shortest meter known is 3/8, six."""
    written = sequence([(0, 4, 60)])
    written.time_signatures.add(numerator=5, denominator=32)
    assert tones_of(written).bar_steps == 6


def test_a_length_that_is_known_cuts_notes_or_leaves_silence() -> None:
    written = sequence([(0, 4, 60), (2, 9, 62), (8, 9, 64)])
    assert tones_of(written, steps=8).end.tolist() == [4, 8]
    assert tones_of(written, steps=40).bars == 3


def test_another_grid_is_refused() -> None:
    written = sequence([(0, 4, 60)])
    written.quantization_info.steps_per_quarter = 12
    with pytest.raises(InvalidSequenceError, match="4 steps per quarter, not 12"):
        tones_of(written)


def test_silence_is_a_piece() -> None:
    assert (len(SILENCE), SILENCE.steps, SILENCE.bars) == (0, 32, 2)
    assert tones_of(NoteSequence()).bars == 0
