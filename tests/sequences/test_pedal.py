"""The sustain pedal lengthens notes as a piano's does."""

from __future__ import annotations

import pytest

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.pedal import sounding_ends
from tests.render.tunes import tune


def _with_pedal(sequence: NoteSequence, *changes: tuple[float, int]) -> NoteSequence:
    for time, value in changes:
        sequence.control_changes.add(time=time, control_number=64, control_value=value)
    return sequence


def test_without_a_pedal_notes_end_where_they_are_written() -> None:
    assert sounding_ends(tune([60, 62])) == [0.5, 1.0]


def test_a_note_let_go_under_the_pedal_sounds_until_the_pedal_comes_up() -> None:
    assert sounding_ends(_with_pedal(tune([60, 62]), (0.2, 100), (3.0, 0))) == [3.0, 3.0]


def test_a_pitch_struck_again_ends_its_earlier_note() -> None:
    assert sounding_ends(_with_pedal(tune([60, 60]), (0.0, 127), (3.0, 0))) == [0.5, 3.0]


def test_a_pedal_that_never_comes_up_holds_to_the_end_of_the_piece() -> None:
    piece = _with_pedal(tune([60, 62]), (0.0, 127))
    piece.total_time = 4.0
    assert sounding_ends(piece) == [4.0, 4.0]


@pytest.mark.parametrize("changes", [((0.6, 127),), ((0.0, 63),), ((0.0, 127), (0.4, 0))])
def test_a_pedal_that_is_up_at_the_release_changes_nothing(
    changes: tuple[tuple[float, int], ...],
) -> None:
    assert sounding_ends(_with_pedal(tune([60]), *changes)) == [0.5]


def test_drums_and_other_instruments_are_left_alone() -> None:
    piece = _with_pedal(tune([36, 38]), (0.0, 127), (3.0, 0))
    piece.notes[0].is_drum = True
    piece.notes[1].instrument = 1
    assert sounding_ends(piece) == [0.5, 1.0]
