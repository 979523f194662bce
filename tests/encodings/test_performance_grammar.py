"""The grammar of performances: allowed events, progress of time, no hanging notes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance import (
    EVENT_IDS,
    LONGEST_NOTE_STEPS,
    MOST_AT_ONCE,
    NOTE_OFF,
    TIME_SHIFT,
    VELOCITY,
    PerformanceGrammar,
)
from tests.encodings.test_performance import NOTES, Note, apart, played

SECOND = TIME_SHIFT + 99
LOUD = VELOCITY + 20


def after(ids: Iterable[int], pitches: Iterable[int] = range(128)) -> set[int]:
    """Return the mask after a stream."""
    grammar = PerformanceGrammar(np.isin(np.arange(128), list(pitches)))
    for value in ids:
        grammar.add(value)
    return set(np.flatnonzero(grammar.mask()).tolist())


def between(ids: set[int], first: int, end: int) -> set[int]:
    """Return the ids of one kind, counted from 0."""
    return {value - first for value in ids if first <= value < end}


@given(NOTES)
def test_every_encoded_performance_is_allowed(notes: list[Note]) -> None:
    grammar = PerformanceGrammar()
    for value in performance.encode(played(*apart(notes))).tolist():
        assert grammar.mask()[value]
        grammar.add(value)


@given(st.integers(0, 2**32 - 1), st.sets(st.integers(0, 127), min_size=1, max_size=3))
def test_there_is_always_an_allowed_event(seed: int, pitches: set[int]) -> None:
    grammar = PerformanceGrammar(np.isin(np.arange(128), list(pitches)))
    rng = np.random.default_rng(seed)
    for _ in range(150):
        allowed = np.flatnonzero(grammar.mask())
        assert len(allowed)
        assert set(allowed[allowed < NOTE_OFF].tolist()) <= pitches
        grammar.add(int(rng.choice(allowed)))


def test_the_first_note_has_a_velocity() -> None:
    first = after([])
    assert not between(first, 0, TIME_SHIFT)
    assert between(first, VELOCITY, EVENT_IDS) == set(range(32))
    assert after([LOUD]) == set(range(128))


def test_only_sounding_notes_end_and_only_silent_pitches_start() -> None:
    held = after([LOUD, 60, SECOND])
    assert between(held, NOTE_OFF, TIME_SHIFT) == {60}
    assert between(held, 0, NOTE_OFF) == set(range(128)) - {60}
    assert 60 in after([LOUD, 60, SECOND, NOTE_OFF + 60])


def test_pitches_ascend_and_note_offs_precede_note_ons() -> None:
    sounding = [LOUD, 50, 60, 70, SECOND]
    ended = after([*sounding, NOTE_OFF + 60])
    assert between(ended, NOTE_OFF, TIME_SHIFT) == {70}
    begun = after([*sounding, 65])
    assert not between(begun, NOTE_OFF, TIME_SHIFT)
    assert between(begun, 0, NOTE_OFF) == set(range(66, 128)) - {70}


def test_a_velocity_event_differs_and_a_note_follows() -> None:
    assert 20 not in between(after([LOUD, 60]), VELOCITY, EVENT_IDS)
    assert after([LOUD, 60, VELOCITY + 3]) == set(range(61, 128))
    assert not between(after([LOUD, 127]), VELOCITY, EVENT_IDS)


def test_a_time_shift_has_one_encoding() -> None:
    assert between(after([LOUD, 60, SECOND]), TIME_SHIFT, VELOCITY) == set(range(100))
    assert not between(after([LOUD, 60, TIME_SHIFT + 3]), TIME_SHIFT, VELOCITY)


def test_a_time_shift_follows_after_many_notes() -> None:
    chord = after([LOUD, *range(30, 30 + MOST_AT_ONCE)])
    assert chord == set(range(TIME_SHIFT, VELOCITY))


@pytest.mark.parametrize("seconds", [7, 8, 9])
def test_a_hanging_note_is_ended(seconds: int) -> None:
    allowed = after([LOUD, 60, 64, *[SECOND] * seconds])
    overdue = seconds * 100 >= LONGEST_NOTE_STEPS
    assert (allowed == {NOTE_OFF + 60}) is overdue
