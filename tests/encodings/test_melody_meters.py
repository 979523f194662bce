"""Meters of melody models, and transposition of ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.encodings import melody

pitches = st.lists(st.integers(0, 127), max_size=30)


@pytest.mark.parametrize("meter", melody.METERS)
def test_a_learned_meter_is_closest_to_itself(meter: tuple[int, int]) -> None:
    assert melody.METERS[melody.closest_meter(*meter)] == meter


@pytest.mark.parametrize("meter", melody.METERS)
def test_a_bar_of_a_learned_meter_has_whole_steps(meter: tuple[int, int]) -> None:
    assert melody.bar_steps(*meter) == int(melody.bar_steps(*meter)) > 0


@pytest.mark.parametrize(
    ("unknown", "known"),
    [
        pytest.param((2, 2), (4, 4), id="cut time is 4/4"),
        pytest.param((12, 16), (6, 8), id="a compound meter of the same length"),
        pytest.param((6, 16), (3, 8), id="the same in sixteenths"),
        pytest.param((3, 2), (6, 4), id="three halves are six quarters"),
        pytest.param((4, 8), (2, 4), id="four eighths are two quarters"),
        pytest.param((5, 4), (9, 8), id="5/4 is nearest to 9/8"),
        pytest.param((7, 8), (3, 4), id="7/8 is nearest to 3/4, before 4/4"),
        pytest.param((255, 1), (12, 8), id="the longest"),
        pytest.param((1, 64), (3, 8), id="the shortest"),
    ],
)
def test_another_meter_is_replaced_by_the_closest(
    unknown: tuple[int, int], known: tuple[int, int]
) -> None:
    assert melody.METERS[melody.closest_meter(*unknown)] == known


@given(st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16, 32, 64]))
def test_the_closest_meter_has_the_smallest_distance(numerator: int, denominator: int) -> None:
    wanted = melody.bar_steps(numerator, denominator)
    distances = [abs(melody.bar_steps(*meter) - wanted) for meter in melody.METERS]
    assert distances[melody.closest_meter(numerator, denominator)] == min(distances)


@given(pitches, st.integers(-127, 127))
def test_transposed_pitches_stay_within_the_vocabulary(values: list[int], semitones: int) -> None:
    """They keep their pitch class, even if they wrap to the closest octave in range."""
    ids = np.array(values, dtype=np.int32) + melody.EVENT_OFFSET
    moved = melody.transpose_ids(ids, semitones) - melody.EVENT_OFFSET
    for before, after in zip(values, moved.tolist(), strict=True):
        assert 0 <= after <= 127
        assert (after - before - semitones) % 12 == 0
        wanted = before + semitones
        assert after == wanted or not 0 <= wanted <= 127


@given(pitches, st.integers(-127, 127))
def test_a_wrapped_pitch_moves_by_as_few_octaves_as_possible(
    values: list[int], semitones: int
) -> None:
    ids = np.array(values, dtype=np.int32) + melody.EVENT_OFFSET
    for before, after in zip(values, melody.transpose_ids(ids, semitones).tolist(), strict=True):
        if before + semitones < 0:
            assert after - melody.EVENT_OFFSET < 12
        if before + semitones > 127:
            assert after - melody.EVENT_OFFSET > 115


def test_only_pitches_are_transposed() -> None:
    others = np.array([0, 1, melody.start_id(0), melody.PAD], dtype=np.int32)
    assert melody.transpose_ids(others, 7).tolist() == others.tolist()
    assert melody.transpose_ids(others, 7).dtype == np.int32
