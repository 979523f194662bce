"""Cutting, merging and transposing leave the input alone and lose nothing but what they say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import cut, merge, transpose
from tests.sequences.magenta import note_seq
from tests.sequences.music import music, times

timed_notes = st.tuples(st.integers(0, 127), st.floats(0.0, 20.0), st.floats(0.0, 5.0)).map(
    lambda note: (note[0], note[1], note[1] + note[2])
)
pieces = st.lists(timed_notes, max_size=20).map(lambda notes: music(*notes, total_time=25.0))


def marked() -> NoteSequence:
    """Two tempos, two meters, two keys, and a controller, a bend and a word each second."""
    sequence = music((60, 0, 10), qpm=120, meter=(4, 4), total_time=10.0)
    sequence.tempos.add(time=4.0, qpm=60)
    sequence.time_signatures.add(time=4.0, numerator=3, denominator=4)
    sequence.key_signatures.add(time=0.0, key=7)
    sequence.key_signatures.add(time=8.0, key=2, mode=1)
    for second in range(10):
        sequence.control_changes.add(time=second, control_number=64, control_value=second)
        sequence.pitch_bends.add(time=second, bend=second)
        sequence.text_annotations.add(time=second, text=str(second))
    return sequence


def test_cutting_shortens_notes_at_both_borders() -> None:
    sequence = music((60, 0, 3), (62, 1, 4), (64, 2.5, 9), (65, 4, 5), (67, 0, 2))
    assert times(cut(sequence, 2.0, 4.0)) == [(60, 0, 1), (62, 0, 2), (64, 0.5, 2)]


def test_what_rules_at_the_cut_is_written_at_its_start() -> None:
    part = cut(marked(), 5.0, 9.0)
    assert [(mark.time, mark.qpm) for mark in part.tempos] == [(0, 60)]
    assert [(m.time, m.numerator, m.denominator) for m in part.time_signatures] == [(0, 3, 4)]
    assert [(m.time, m.key, m.mode) for m in part.key_signatures] == [(0, 7, 0), (3, 2, 1)]
    assert part.total_time == 4.0


def test_marks_on_the_cut_are_written_once() -> None:
    part = cut(marked(), 4.0, 10.0)
    assert [(mark.time, mark.qpm) for mark in part.tempos] == [(0, 60)]
    assert len(part.time_signatures) == 1


def test_later_marks_come_along() -> None:
    part = cut(marked(), 1.0, 6.0)
    assert [(mark.time, mark.qpm) for mark in part.tempos] == [(0, 120), (3, 60)]


def test_events_from_the_start_up_to_the_end_are_kept() -> None:
    """One at the very start belongs to the part, one at the very end to what follows."""
    part = cut(marked(), 3.0, 6.0)
    for events in (part.control_changes, part.pitch_bends, part.text_annotations):
        assert [event.time for event in events] == [0, 1, 2]
    assert [event.text for event in part.text_annotations] == ["3", "4", "5"]


def test_cutting_nothing_gives_nothing() -> None:
    part = cut(marked(), 5.0, 5.0)
    assert (len(part.notes), len(part.control_changes), part.total_time) == (0, 0, 0.0)


@given(pieces, st.floats(0.0, 25.0))
def test_two_cuts_hold_all_the_sound(sequence: NoteSequence, middle: float) -> None:
    """Nothing is lost and nothing sounds twice, wherever the scissors go."""
    halves = [cut(sequence, 0.0, middle), cut(sequence, middle, 25.0)]
    sounding = sum(n.end_time - n.start_time for half in halves for n in half.notes)
    whole = sum(n.end_time - n.start_time for n in sequence.notes)
    assert abs(sounding - whole) < 1e-6
    assert all(0 <= n.start_time <= n.end_time <= middle for n in halves[0].notes)
    assert all(0 <= n.start_time <= n.end_time <= 25.0 - middle for n in halves[1].notes)


@given(pieces)
def test_cutting_out_everything_keeps_every_note(sequence: NoteSequence) -> None:
    assert times(cut(sequence, 0.0, 26.0)) == times(sequence)


@given(pieces, pieces)
def test_a_merge_holds_both(first: NoteSequence, second: NoteSequence) -> None:
    before = (first.SerializeToString(), second.SerializeToString())
    both = merge(first, second)
    assert times(both) == times(first) + times(second)
    assert (first.SerializeToString(), second.SerializeToString()) == before


def test_a_merge_has_the_clock_of_the_first() -> None:
    both = merge(music(qpm=90, total_time=4.0), marked())
    assert [mark.qpm for mark in both.tempos] == [90]
    assert [(m.numerator, m.denominator) for m in both.time_signatures] == [(4, 4), (3, 4)]
    assert len(both.control_changes) == 10
    assert both.total_time == 10.0


@settings(max_examples=40)
@given(pieces, st.integers(-130, 130))
def test_transposing_agrees_with_note_seq(sequence: NoteSequence, semitones: int) -> None:
    sequence.key_signatures.add(key=7)
    sequence.notes.add(pitch=36, velocity=80, is_drum=True, end_time=1.0)
    expected, _ = note_seq().sequences_lib.transpose_note_sequence(sequence, semitones)
    expected.total_time = sequence.total_time
    for note in expected.notes:
        note.ClearField("pitch_name")
    assert transpose(sequence, semitones) == expected


@given(pieces, st.integers(-40, 40))
def test_transposing_there_and_back_changes_nothing(sequence: NoteSequence, by: int) -> None:
    """As long as no note has left the 128 pitches on the way."""
    there = transpose(sequence, by)
    if len(there.notes) == len(sequence.notes):
        assert transpose(there, -by) == sequence
