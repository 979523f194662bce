"""Piano rolls as decisions, on cases done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.pianoroll_benchmark.rolls import END, PITCHES, Roll, notes_of, transpose

frames = st.lists(st.sets(st.integers(0, PITCHES - 1), max_size=6), min_size=1, max_size=8)


def roll(*sets: set[int]) -> Roll:
    """Return a roll in which these columns sound in turn."""
    made = np.zeros((len(sets), PITCHES), dtype=np.uint8)
    for frame, sounding in enumerate(sets):
        made[frame, list(sounding)] = 1
    return made


def test_a_frame_is_asked_from_its_lowest_note_up_and_then_ends() -> None:
    frame, last, chosen = notes_of(roll({40, 3}, set(), {87, 0}))
    assert chosen.tolist() == [3, 40, END, END, 0, 87, END]
    assert last.tolist() == [0, 4, 41, 0, 0, 1, 88]
    assert frame.tolist() == [0, 0, 0, 1, 2, 2, 2]


@given(frames)
def test_decisions_say_the_whole_roll(sets: list[set[int]]) -> None:
    made = roll(*sets)
    frame, last, chosen = notes_of(made)
    again = np.zeros_like(made)
    notes = chosen != END
    again[frame[notes], chosen[notes]] = 1
    assert np.array_equal(again, made)
    assert (chosen >= last).all()
    assert np.bincount(frame[~notes], minlength=len(made)).tolist() == [1] * len(made)


def test_a_roll_moves_up_and_down() -> None:
    assert np.array_equal(transpose(roll({10, 20}), 6), roll({16, 26}))
    assert np.array_equal(transpose(roll({10, 20}), -5), roll({5, 15}))
    assert np.array_equal(transpose(roll({10, 20}), 0), roll({10, 20}))


@pytest.mark.parametrize("semitones", [-6, 8])
def test_a_roll_does_not_leave_the_keyboard(semitones: int) -> None:
    edge = roll({5, 80})
    assert np.array_equal(transpose(edge, semitones), edge)
