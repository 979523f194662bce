"""Bar lines are heard from accents, where there are any."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.downbeats import Stretch, regular_stretches
from tests.sequences.music import quantized

LOUD, SOFT = 105, 80


def accented(end: int, downbeats: set[int], *, first: int = 0) -> NoteSequence:
    """Return eighth notes from step ``first`` on, loud on ``downbeats`` and on the first."""
    melody = quantized(*((60, step, step + 2) for step in range(first, end, 2)))
    for note in melody.notes:
        loud = note.quantized_start_step in downbeats | {first}
        note.velocity = LOUD if loud else SOFT
    return melody


def test_bars_from_the_start_are_one_stretch() -> None:
    assert regular_stretches(accented(64, {0, 16, 32, 48}), 16) == [Stretch(0, 64)]


@pytest.mark.parametrize("upbeat", [2, 4, 8, 14])
def test_an_upbeat_begins_within_a_bar(upbeat: int) -> None:
    """The first bar line is where the upbeat's missing part begins, before step 0."""
    melody = accented(64 + upbeat, {upbeat + 16 * bar for bar in range(4)})
    assert regular_stretches(melody, 16) == [Stretch(upbeat - 16, 64 + upbeat)]


def test_a_melody_that_enters_late_keeps_its_bars() -> None:
    melody = accented(80, {20, 32, 48, 64}, first=20)
    assert regular_stretches(melody, 16) == [Stretch(0, 80)]


def test_a_shift_in_the_middle_begins_a_new_stretch() -> None:
    """A repeat written two steps too long moves all later bars."""
    melody = accented(66, {0, 16, 34, 50})
    assert regular_stretches(melody, 16) == [Stretch(0, 34), Stretch(34, 66)]


@pytest.mark.parametrize("velocity", [1, 80, 127])
def test_flat_loudness_tells_nothing(velocity: int) -> None:
    melody = accented(64, set())
    for note in melody.notes:
        note.velocity = velocity
    assert regular_stretches(melody, 16) == [Stretch(0, 64)]


def test_a_lone_loud_first_note_tells_nothing() -> None:
    """The first note of a file is accented even where it is an upbeat."""
    assert regular_stretches(accented(64, {0}), 16) == [Stretch(0, 64)]


def test_silence_has_no_bars() -> None:
    assert regular_stretches(quantized(total=64), 16) == []


@given(st.sets(st.integers(0, 100).map(lambda half: 2 * half)), st.sampled_from([6, 8, 12, 16]))
def test_stretches_cover_all_notes_and_follow_each_other(
    downbeats: set[int], bar_steps: int
) -> None:
    """Whatever the accents, no note is lost or doubled."""
    stretches = regular_stretches(accented(202, downbeats), bar_steps)
    assert stretches[0].first_step <= 0
    assert stretches[-1].end_step == 202
    for here, there in itertools.pairwise(stretches):
        assert here.end_step == there.first_step > here.first_step


@given(st.sets(st.integers(0, 100).map(lambda half: 2 * half)), st.sampled_from([6, 8, 12, 16]))
def test_every_accent_lies_on_a_bar_line_of_its_stretch(
    downbeats: set[int], bar_steps: int
) -> None:
    melody = accented(202, downbeats)
    stretches = regular_stretches(melody, bar_steps)
    if len(downbeats | {0}) > 0.6 * len(melody.notes):
        assert stretches == [Stretch(0, 202)]
        return
    for step in downbeats - {0}:
        stretch = next(s for s in stretches if s.first_step <= step < s.end_step)
        assert step >= 202 or (step - stretch.first_step) % bar_steps == 0
