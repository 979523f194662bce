"""Where a continuation begins and ends, and where the bar lines are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.sections import bar_lines, end_of, section_after
from magenta_bridge.sequences.tempo_map import TempoMap
from tests.sequences.music import music, tempo_changes

METERS = [(4, 4), (3, 4), (6, 8), (5, 4), (7, 8), (2, 2), (12, 8), (1, 16)]


def test_the_end_is_that_of_the_last_note_or_later() -> None:
    assert end_of(music((60, 0, 1), (62, 0, 3), (64, 1, 2))) == 3.0
    assert end_of(music((60, 0, 1), total_time=8.0)) == 8.0
    assert end_of(NoteSequence()) == 0.0


@pytest.mark.parametrize("primer", [None, NoteSequence()])
def test_without_a_primer_it_begins_at_0_at_120_qpm(primer: NoteSequence | None) -> None:
    assert section_after(primer, 4) == (0.0, 8.0)


def test_an_empty_primer_states_tempo_and_meter() -> None:
    assert section_after(music(qpm=60, meter=(3, 4)), 2) == (0.0, 6.0)


@pytest.mark.parametrize(
    ("end", "start"),
    [
        pytest.param(2.0, 2.0, id="on a bar line"),
        pytest.param(2.02, 2.0, id="a hair after a bar line"),
        pytest.param(2.12, 2.0, id="under a sixteenth after a bar line"),
        pytest.param(2.125, 4.0, id="a sixteenth after a bar line"),
        pytest.param(1.98, 2.0, id="a hair before a bar line"),
        pytest.param(2.2, 4.0, id="in the next bar"),
        pytest.param(2.5, 4.0, id="on a beat"),
    ],
)
def test_it_begins_on_the_next_bar_line(end: float, start: float) -> None:
    assert section_after(music((60, 0, end)), 1) == (start, start + 2.0)


def test_a_very_short_note_on_a_bar_line_fills_its_bar() -> None:
    """It is music of that bar, not a note released late."""
    assert section_after(music((60, 0, 2), (62, 2, 2.02)), 1) == (4.0, 6.0)
    assert section_after(music((62, 0, 0.02)), 1) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("last_note", "total_time", "start"),
    [
        pytest.param(1.0, 6.0, 6.0, id="two bars of silence"),
        pytest.param(1.0, 7.0, 8.0, id="a clip that ends within a bar"),
        pytest.param(1.0, 32.0, 32.0, id="a clip of 16 bars with one note"),
        pytest.param(2.0, 34.0, 34.0, id="16 bars of silence"),
        pytest.param(2.0, 44.0, 2.0, id="more silence than a musician leaves"),
        pytest.param(2.0, 2.5, 2.0, id="a beat of silence after the bar line"),
        pytest.param(2.02, 2.5, 2.0, id="a beat of silence after a late release"),
        pytest.param(2.0, 4.0, 4.0, id="one bar of silence"),
        pytest.param(1.9, 2.001, 2.0, id="an end one tick after the bar line"),
    ],
)
def test_silence_at_the_end_of_the_primer_counts_within_reason(
    last_note: float, total_time: float, start: float
) -> None:
    assert section_after(music((60, 0, last_note), total_time=total_time), 1)[0] == start


def test_silence_without_notes_counts() -> None:
    assert section_after(music(total_time=60.0), 1) == (60.0, 62.0)


@pytest.mark.parametrize("meter", METERS)
def test_bars_are_those_of_the_meter(meter: tuple[int, int]) -> None:
    bar = 4 * meter[0] / meter[1] * 0.5
    primer = music((60, 0, 2.5 * bar), meter=meter, qpm=120)
    assert section_after(primer, 2) == pytest.approx((3 * bar, 5 * bar))


def test_bars_are_counted_from_the_last_time_signature() -> None:
    """After an upbeat of one quarter the bars of a waltz begin on its second quarter."""
    primer = music((60, 0, 3.0), qpm=120, meter=(1, 4))
    primer.time_signatures.add(time=0.5, numerator=3, denominator=4)
    assert section_after(primer, 1) == (3.5, 5.0)


def test_a_time_signature_on_the_start_rules_the_section() -> None:
    primer = music((60, 0, 3.9), qpm=120, meter=(4, 4))
    primer.time_signatures.add(time=4.0, numerator=3, denominator=4)
    assert section_after(primer, 2) == (4.0, 7.0)


def test_a_time_signature_in_an_unfinished_bar_begins_a_new_one() -> None:
    """A bar of 4/4 that breaks off after three quarters for one of 3/4."""
    primer = music((60, 0, 1.2), qpm=120, meter=(4, 4))
    primer.time_signatures.add(time=1.5, numerator=3, denominator=4)
    assert section_after(primer, 1) == (1.5, 3.0)


def test_the_tempo_may_change_within_the_section() -> None:
    """Half of the bar at 120 qpm, the other half at 60."""
    primer = music((60, 0, 2.0), qpm=120)
    primer.tempos.add(time=3.0, qpm=60)
    assert section_after(primer, 1) == (2.0, 5.0)


@settings(max_examples=40)
@given(st.floats(0.01, 64.0), st.sampled_from(METERS), tempo_changes())
def test_the_section_is_as_many_bars_long_as_asked(
    bars: float, meter: tuple[int, int], sequence: NoteSequence
) -> None:
    """Measured on the primer's own clock, fractions of a bar included."""
    sequence.time_signatures.add(numerator=meter[0], denominator=meter[1])
    sequence.notes.add(pitch=60, velocity=80, end_time=7.7)
    start, end = TempoMap(sequence).quarters(section_after(sequence, bars))
    assert end - start == pytest.approx(bars * 4 * meter[0] / meter[1], abs=1e-6)


@settings(max_examples=40)
@given(st.floats(0.1, 60.0), st.sampled_from(METERS), tempo_changes(most=5))
def test_the_section_begins_on_a_bar_line(
    end: float, meter: tuple[int, int], sequence: NoteSequence
) -> None:
    sequence.time_signatures.add(numerator=meter[0], denominator=meter[1])
    sequence.notes.add(pitch=60, velocity=80, end_time=end)
    start, _ = section_after(sequence, 1)
    lines = bar_lines(sequence, 0.0, start + 1e-6)
    assert lines[-1] == pytest.approx(start, abs=1e-6)
    # The bar before is not long over, and the primer sounds a hair beyond the start at most.
    assert lines[-2] < end
    hair = min(0.25, meter[0] / meter[1])
    tempo = TempoMap(sequence)
    assert tempo.quarters(end) <= tempo.quarters(start) + hair + 1e-6


@pytest.mark.parametrize("bars", [0.0, -1.0, float("nan"), float("inf"), -float("inf")])
def test_an_invalid_length_is_refused(bars: float) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        section_after(None, bars)
    assert caught.value.field == "bars"


def test_an_absurd_number_of_bars_is_no_overflow() -> None:
    """It is refused later, by the limit on the length, not by a crash here."""
    assert section_after(None, 1e307)[1] > 1e300


def test_bar_lines_follow_meters() -> None:
    sequence = music(qpm=120, meter=(4, 4))
    sequence.time_signatures.add(time=4.0, numerator=3, denominator=4)
    assert bar_lines(sequence, 0.0, 7.0) == [0.0, 2.0, 4.0, 5.5, 7.0]
    assert bar_lines(sequence, 2.0, 5.0) == [2.0, 4.0]


def test_bar_lines_follow_tempos() -> None:
    sequence = music(qpm=120)
    sequence.tempos.add(time=3.0, qpm=60)
    assert bar_lines(sequence, 0.0, 10.0) == [0.0, 2.0, 5.0, 9.0]


def test_a_meter_in_mid_bar_begins_a_bar() -> None:
    sequence = music(qpm=120, meter=(1, 4))
    sequence.time_signatures.add(time=0.5, numerator=3, denominator=4)
    assert bar_lines(sequence, 0.0, 3.5) == [0.0, 0.5, 2.0, 3.5]


def test_a_meter_a_rounding_error_off_the_line_makes_no_line_of_its_own() -> None:
    """Time of marks are sums of tempos; their last bits do not agree with ours."""
    sequence = music(qpm=120, meter=(4, 4))
    sequence.time_signatures.add(time=2.0 + 1e-9, numerator=3, denominator=4)
    sequence.time_signatures.add(time=3.5 - 1e-9, numerator=4, denominator=4)
    assert bar_lines(sequence, 0.0, 5.6) == pytest.approx([0.0, 2.0, 3.5, 5.5], abs=1e-6)
