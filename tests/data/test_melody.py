"""Pieces become melodies on the grid, from a bar line on."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.melody import melodies_of
from magenta_bridge.encodings import melody
from tests.data.pieces import SOFT, STEP_SECONDS, draw_pitches, make_piece

HOLD = melody.NO_EVENT + melody.EVENT_OFFSET
EIGHTHS_OF_FOUR_BARS = 32


def test_notes_stand_on_the_grid() -> None:
    """Each eighth takes two steps: its pitch, then a hold."""
    pitches = draw_pitches(1)
    (tune,) = melodies_of([make_piece("a.mid", pitches, title="The Reel")])
    assert (tune.name, tune.title) == ("a.mid#0", "The Reel")
    assert melody.METERS[tune.meter] == (4, 4)
    assert tune.pitches.tolist() == pitches
    assert tune.ids.tolist() == [id_ for p in pitches for id_ in (p + melody.EVENT_OFFSET, HOLD)]


def test_pickup_begins_inside_a_bar() -> None:
    """What the bar of an upbeat lacks before it is filled, so that bars stand on bar lines."""
    pitches = draw_pitches(2, 2 + EIGHTHS_OF_FOUR_BARS)
    accents = (0, *range(2, len(pitches), 8))
    (tune,) = melodies_of([make_piece("a.mid", pitches, accents=accents)])
    assert tune.ids[:12].tolist() == [HOLD] * 12
    assert tune.ids[12] == pitches[0] + melody.EVENT_OFFSET
    assert tune.ids[16] == pitches[2] + melody.EVENT_OFFSET
    assert len(tune.ids) == 5 * 16


def test_ornaments_are_left_out() -> None:
    """A grace note of a thirty-second leaves no trace; what it delayed is back on the beat."""
    pitches = draw_pitches(3)
    plain, graced = make_piece("a.mid", pitches), make_piece("b.mid", pitches)
    delayed = graced.music.notes[8]
    grace = graced.music.notes.add(pitch=90, velocity=SOFT, start_time=delayed.start_time)
    grace.end_time = delayed.start_time = delayed.start_time + STEP_SECONDS / 4
    tunes = melodies_of([plain, graced])
    np.testing.assert_array_equal(tunes[0].ids, tunes[1].ids)


@pytest.mark.parametrize(
    ("count", "meter"),
    [
        pytest.param(EIGHTHS_OF_FOUR_BARS - 1, (4, 4), id="under four bars"),
        pytest.param(EIGHTHS_OF_FOUR_BARS, (5, 8), id="no meter of ours"),
        pytest.param(EIGHTHS_OF_FOUR_BARS, (7, 32), id="no whole steps in a bar"),
        pytest.param(0, (4, 4), id="empty"),
    ],
)
def test_pieces_that_do_not_fit_are_left_out(count: int, meter: tuple[int, int]) -> None:
    """Too short, or in a meter without whole bars on the grid."""
    assert melodies_of([make_piece("a.mid", draw_pitches(4, count), meter=meter)]) == []


def test_few_long_notes_are_left_out() -> None:
    """Eleven notes are no melody to learn from, however long they last."""
    assert melodies_of([make_piece("a.mid", draw_pitches(5, 11), steps=16)]) == []
    assert len(melodies_of([make_piece("a.mid", draw_pitches(5, 12), steps=16)])) == 1


def test_meter_change_is_left_out() -> None:
    """A piece with two meters has no single bar length; the same meter twice is no change."""
    changing, steady = (make_piece(name, draw_pitches(6)) for name in ("a.mid", "b.mid"))
    changing.music.time_signatures.add(time=4.0, numerator=3, denominator=4)
    steady.music.time_signatures.add(time=4.0, numerator=4, denominator=4)
    assert [tune.name for tune in melodies_of([changing, steady])] == ["b.mid#0"]


def test_shifted_bars_split_a_piece() -> None:
    """Where accents leave the bar lines for good, another stretch begins, numbered on."""
    pitches = draw_pitches(7, 3 * EIGHTHS_OF_FOUR_BARS)
    middle = 4 * 8 + 4
    accents = (*range(0, 32, 8), *range(middle, len(pitches), 8))
    tunes = melodies_of([make_piece("a.mid", pitches, accents=accents)])
    assert [tune.name for tune in tunes] == ["a.mid#0", "a.mid#1"]
    assert tunes[1].ids[0] == pitches[middle] + melody.EVENT_OFFSET
