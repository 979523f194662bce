"""Seconds to quarter notes and back, through any number of tempo changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.tempo_map import TempoMap
from tests.sequences.music import music, tempo_changes


def two_tempos() -> NoteSequence:
    """120 qpm for two seconds, then 60."""
    sequence = music(qpm=120)
    sequence.tempos.add(time=2.0, qpm=60)
    return sequence


def test_a_piece_without_tempo_runs_at_120() -> None:
    assert TempoMap(NoteSequence()).quarters(3.0) == 6.0


def test_each_tempo_rules_from_its_mark_on() -> None:
    """Two seconds at 120 qpm are four quarters; a second at 60 is one more."""
    tempo = TempoMap(two_tempos())
    assert tempo.quarters([0.0, 1.0, 2.0, 3.0]).tolist() == [0.0, 2.0, 4.0, 5.0]
    assert tempo.seconds([0.0, 2.0, 4.0, 5.0]).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert [tempo.qpm_at(time) for time in (0.0, 1.999, 2.0, 9.0)] == [120, 120, 60, 60]


def test_the_first_tempo_rules_from_the_start() -> None:
    """A first mark that comes late also rules what lies before it."""
    sequence = NoteSequence()
    sequence.tempos.add(time=4.0, qpm=90)
    assert TempoMap(sequence).quarters(4.0) == 6.0


def test_of_two_marks_at_one_time_the_later_written_rules() -> None:
    sequence = two_tempos()
    sequence.tempos.add(time=2.0, qpm=240)
    assert TempoMap(sequence).qpm_at(2.0) == 240


def test_marks_need_no_order() -> None:
    sequence = NoteSequence()
    sequence.tempos.add(time=2.0, qpm=60)
    sequence.tempos.add(time=0.0, qpm=120)
    assert TempoMap(sequence).quarters(3.0) == 5.0


def test_time_before_the_start_runs_at_the_first_tempo() -> None:
    """An upbeat's missing part lies before 0."""
    assert TempoMap(two_tempos()).seconds(-2.0) == -1.0


def test_a_tempo_next_to_zero_is_no_overflow() -> None:
    """What lasts longer than a float can say lasts forever."""
    assert TempoMap(music(qpm=1e-308)).seconds(1.0) == float("inf")


@given(tempo_changes(), st.lists(st.floats(0.0, 600.0), max_size=20))
def test_seconds_undoes_quarters(sequence: NoteSequence, seconds: list[float]) -> None:
    tempo = TempoMap(sequence)
    assert tempo.seconds(tempo.quarters(seconds)).tolist() == pytest.approx(seconds, abs=1e-9)


@given(tempo_changes(), st.lists(st.floats(-10.0, 5000.0), max_size=20))
def test_quarters_undoes_seconds(sequence: NoteSequence, quarters: list[float]) -> None:
    tempo = TempoMap(sequence)
    assert tempo.quarters(tempo.seconds(quarters)).tolist() == pytest.approx(quarters, abs=1e-6)


@given(tempo_changes(), st.lists(st.floats(0.0, 600.0), min_size=2, max_size=20).map(sorted))
def test_time_never_runs_backwards(sequence: NoteSequence, seconds: list[float]) -> None:
    quarters = TempoMap(sequence).quarters(seconds)
    assert (np.diff(quarters) >= -1e-9).all()


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(1, 400)), max_size=6), st.floats(0, 200))
def test_one_time_is_where_it_is_among_several(
    marks: list[tuple[float, float]], seconds: float
) -> None:
    """To the last bit: a single number takes a way of its own."""
    sequence = NoteSequence()
    for time, qpm in marks:
        sequence.tempos.add(time=time, qpm=qpm)
    tempo = TempoMap(sequence)
    assert float(tempo.quarters(seconds)) == tempo.quarters([seconds])[0]
