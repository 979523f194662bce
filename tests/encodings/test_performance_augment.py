"""Transposition and time-stretching of performances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance import (
    NOTE_OFF,
    TIME_SHIFT,
    VELOCITY,
    PerformanceGrammar,
    pitches_of,
    scale_time,
    sounding_after,
    transpose_ids,
)
from tests.encodings.test_performance import NOTES, Note, apart, played


@given(NOTES, st.integers(-24, 24))
def test_transposition_changes_only_pitches(notes: list[Note], by: int) -> None:
    kept = [note for note in apart(notes) if 24 <= note[0] < 104]
    moved = [(pitch + by, begin, length, loudness) for pitch, begin, length, loudness in kept]
    ids = transpose_ids(performance.encode(played(*kept)), by)
    assert ids.tolist() == performance.encode(played(*moved)).tolist()


@pytest.mark.parametrize("by", [-61, 68])
def test_a_pitch_out_of_range_is_rejected(by: int) -> None:
    ids = performance.encode(played((60, 0, 10, 8)))
    with pytest.raises(ValueError, match="128 pitches"):
        transpose_ids(ids, by)


@given(NOTES, st.floats(0.5, 2.0))
def test_another_tempo_keeps_all_notes_and_the_grammar(notes: list[Note], factor: float) -> None:
    ids = performance.encode(played(*apart(notes)))
    scaled = scale_time(ids, factor)
    events = [part[(part < TIME_SHIFT) | (part >= VELOCITY)].tolist() for part in (ids, scaled)]
    assert events[0] == events[1]
    grammar = PerformanceGrammar()
    for value in scaled.tolist():
        assert grammar.mask()[value] or grammar.mask()[NOTE_OFF:TIME_SHIFT].any()  # nine seconds
        grammar.add(value)


def test_times_are_scaled_and_rounded_to_the_grid() -> None:
    ids = performance.encode(played((60, 0, 100, 8), (64, 205, 5, 8)))
    notes = performance.decode(scale_time(ids, 1.1)).notes
    assert [(n.start_time, n.end_time) for n in notes] == [(0.0, 1.1), (2.26, 2.31)]


def test_notes_a_step_apart_stay_a_step_apart() -> None:
    ids = performance.encode(played(*[(60 + n, n, 1, 8) for n in range(8)]))
    assert scale_time(ids, 0.5).tolist() == ids.tolist()


def test_factor_1_changes_nothing() -> None:
    ids = performance.encode(played((60, 30, 400, 8), (64, 205, 5, 9)))
    assert scale_time(ids, 1.0).tolist() == ids.tolist()
    assert scale_time(ids[:0], 0.9).tolist() == []


def test_sounding_notes_are_found_at_any_position() -> None:
    ids = performance.encode(played((60, 0, 100, 8), (64, 50, 100, 8)))
    assert pitches_of(ids).tolist() == [60, 64]
    found = [np.flatnonzero(sounding_after(ids[:n])).tolist() for n in range(len(ids) + 1)]
    assert found == [[], [], [60], [60], [60, 64], [60, 64], [64], [64], []]
