"""The time grid follows tempo and meter."""

from __future__ import annotations

import pytest

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render.piano_roll import grid_lines, timekeeper


def test_common_time_has_four_beats_of_half_a_second_by_default() -> None:
    lines = list(grid_lines(NoteSequence(), 4.0))
    assert [line.time_s for line in lines] == pytest.approx([0.5 * n for n in range(9)])
    assert [line.bar for line in lines] == [1, None, None, None, 2, None, None, None, 3]


def test_six_eight_has_two_dotted_beats() -> None:
    jig = NoteSequence()
    jig.time_signatures.add(time=0.0, numerator=6, denominator=8)
    assert [line.bar for line in grid_lines(jig, 3.0)] == [1, None, 2, None, 3]


def test_a_slower_tempo_increases_the_distance_of_later_lines() -> None:
    slowing = NoteSequence()
    slowing.tempos.add(time=0.0, qpm=120.0)
    slowing.tempos.add(time=2.0, qpm=60.0)
    bars = [line.time_s for line in grid_lines(slowing, 10.0) if line.bar]
    assert bars == pytest.approx([0.0, 2.0, 6.0, 10.0])


def test_a_new_meter_starts_a_new_bar() -> None:
    mixed = NoteSequence()
    mixed.time_signatures.add(time=0.0, numerator=4, denominator=4)
    mixed.time_signatures.add(time=2.0, numerator=3, denominator=4)
    assert [line.bar for line in grid_lines(mixed, 3.5)] == [1, None, None, None, 2, None, None, 3]


def test_the_first_sequence_with_a_tempo_or_meter_sets_the_grid() -> None:
    silent, slow, fast = NoteSequence(), NoteSequence(), NoteSequence()
    slow.tempos.add(time=0.0, qpm=60.0)
    fast.tempos.add(time=0.0, qpm=180.0)
    assert timekeeper([silent, slow, fast]) == slow
    assert timekeeper([silent]) == silent
