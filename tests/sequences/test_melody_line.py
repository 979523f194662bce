"""The top line of a piece."""

from __future__ import annotations

import itertools

from hypothesis import given

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.melody_line import melody_line
from tests.sequences.music import monophonic, polyphonic, quantized, steps


def test_of_a_chord_the_highest_note_is_kept() -> None:
    assert steps(melody_line(quantized((60, 0, 4), (67, 0, 4), (64, 0, 4)))) == [(67, 0, 4)]


def test_a_note_ends_where_the_next_begins() -> None:
    line = melody_line(quantized((60, 0, 16), (72, 4, 6), (48, 8, 12)))
    assert steps(line) == [(60, 0, 4), (72, 4, 6), (48, 8, 12)]


def test_drums_are_no_melody() -> None:
    sequence = quantized((60, 4, 8))
    sequence.notes.add(pitch=100, quantized_start_step=4, quantized_end_step=5, is_drum=True)
    assert steps(melody_line(sequence)) == [(60, 4, 8)]


def test_silence_has_no_line() -> None:
    assert steps(melody_line(quantized(total=32))) == []


@given(polyphonic())
def test_a_line_holds_one_note_at_a_time(sequence: NoteSequence) -> None:
    """In order of time, and every pitched onset of the piece is one of the line's."""
    line = steps(melody_line(sequence))
    assert all(here[2] <= there[1] for here, there in itertools.pairwise(line))
    onsets = {n.quantized_start_step for n in sequence.notes if not n.is_drum}
    assert [start for _, start, _ in line] == sorted(onsets)


@given(polyphonic())
def test_the_line_of_a_line_is_itself(sequence: NoteSequence) -> None:
    line = melody_line(sequence)
    assert melody_line(line) == line


@given(monophonic())
def test_a_melody_is_its_own_line(sequence: NoteSequence) -> None:
    assert melody_line(sequence) == sequence
