"""Which time signature rules when."""

from __future__ import annotations

import pytest

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import Meter, meter_at
from tests.sequences.music import music


def test_a_piece_without_meter_is_in_four_four() -> None:
    assert meter_at(NoteSequence(), 5.0) == Meter(4, 4, 0.0)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0, Meter(3, 4, 0.0)), (5.99, Meter(3, 4, 0.0)), (6.0, Meter(6, 8, 6.0))],
)
def test_each_meter_rules_from_its_mark_on(seconds: float, expected: Meter) -> None:
    sequence = NoteSequence()
    sequence.time_signatures.add(time=6.0, numerator=6, denominator=8)
    sequence.time_signatures.add(time=0.0, numerator=3, denominator=4)
    assert meter_at(sequence, seconds) == expected


def test_before_a_late_first_mark_it_is_four_four() -> None:
    sequence = NoteSequence()
    sequence.time_signatures.add(time=6.0, numerator=6, denominator=8)
    assert meter_at(sequence, 1.0) == Meter(4, 4, 0.0)


def test_time_before_the_start_is_in_the_first_meter() -> None:
    assert meter_at(music(meter=(5, 4)), -1.0) == Meter(5, 4, 0.0)


@pytest.mark.parametrize(
    ("numerator", "denominator", "quarters"), [(4, 4, 4.0), (6, 8, 3.0), (2, 2, 4.0), (7, 8, 3.5)]
)
def test_a_bar_is_counted_in_quarters(numerator: int, denominator: int, quarters: float) -> None:
    assert Meter(numerator, denominator).bar_quarters == quarters
