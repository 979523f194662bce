"""Pitch range and scale are kept, and the model gets an octave of its training data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from magenta_bridge.encodings import melody
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.pitches import allowed_pitches, event_mask, octave_shift
from magenta_bridge.noteseq import NoteSequence
from tests.generators.section_checks import generate, pitches
from tests.sequences.music import music

MAJOR = (0, 2, 4, 5, 7, 9, 11)
EVERY = np.ones(128, dtype=np.bool_)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edges=st.tuples(st.integers(0, 116), st.integers(11, 127)),
    root=st.integers(0, 11),
    scale=st.sets(st.integers(0, 11), min_size=1),
    primer=st.lists(st.integers(0, 127), max_size=3),
)
def test_every_note_is_in_range_and_scale(
    melodist: SequenceGenerator,
    edges: tuple[int, int],
    root: int,
    scale: set[int],
    primer: list[int],
) -> None:
    """Wherever the primer lies."""
    low, high = edges[0], min(edges[0] + edges[1], 127)
    tune = music(*((pitch, index * 1.0, index + 1.0) for index, pitch in enumerate(primer)))
    result = generate(
        melodist, tune, 4.0, 8.0, seed=low, temperature=1.5, min_pitch=low, max_pitch=high,
        scale_root=root, scale_intervals=",".join(map(str, sorted(scale))),
    )  # fmt: skip
    for pitch in pitches(result):
        assert low <= pitch <= high
        assert (pitch - root) % 12 in scale


@pytest.mark.parametrize("pitch", [0, 1, 20, 64, 100, 127])
@pytest.mark.parametrize("register", [0, 20, 64, 127])
def test_a_single_allowed_pitch_is_played(
    melodist: SequenceGenerator, pitch: int, register: int
) -> None:
    """Also where it is as far from the primer as can be."""
    result = generate(melodist, music((register, 0, 2)), 2.0, 4.0, min_pitch=pitch, max_pitch=pitch)
    assert set(pitches(result)) == {pitch}


def test_scales_are_read_with_commas_or_spaces() -> None:
    expected = [pitch % 12 in {2, 4, 6, 7, 9, 11, 1} for pitch in range(128)]
    for text in ("0,2,4,5,7,9,11", "0 2 4 5 7 9 11", " 0, 2, 4, 5, 7, 9, 11, "):
        assert allowed_pitches(0, 127, 2, text).tolist() == expected


@pytest.mark.parametrize("text", ["", "  "])
def test_no_scale_allows_every_pitch(text: str) -> None:
    assert np.flatnonzero(allowed_pitches(60, 64, 3, text)).tolist() == [60, 61, 62, 63, 64]


@pytest.mark.parametrize("text", ["major", "12", "-1", "0;2", "0,2.5", ",", "0,2,x", "١٢"])
def test_a_scale_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        allowed_pitches(0, 127, 0, text)
    assert caught.value.field == "options.args[scale_intervals]"


@pytest.mark.parametrize(("low", "high", "scale"), [(61, 60, ""), (61, 61, "0,2,4")])
def test_a_range_without_a_pitch_is_refused(low: int, high: int, scale: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        allowed_pitches(low, high, 0, scale)
    assert caught.value.field == "options.args[max_pitch]"


@pytest.mark.parametrize(
    ("wanted", "shift"),
    [
        ([60, 72], 0),
        ([40, 45], 12),
        ([28, 33], 24),
        ([100], -12),
        ([49, 60], 12),
        ([49, 85], 0),
        ([], 0),
    ],
)
def test_the_smallest_shift_that_fits_is_taken(wanted: list[int], shift: int) -> None:
    assert octave_shift(wanted, (50, 90), EVERY) == shift


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 127), max_size=20),
    st.sets(st.integers(0, 127), min_size=1),
    st.tuples(st.integers(0, 127), st.integers(0, 127)).map(sorted),
)
def test_any_shift_leaves_a_pitch_to_choose(
    wanted: list[int], allowed: set[int], trained: list[int]
) -> None:
    mask = np.isin(np.arange(128), list(allowed))
    shift = octave_shift(wanted, (trained[0], trained[1]), mask)
    assert shift % 12 == 0
    assert event_mask(mask, shift)[melody.EVENT_OFFSET :].any()


@settings(max_examples=40)
@given(st.sets(st.integers(0, 127)), st.integers(-5, 5).map(lambda octaves: 12 * octaves))
def test_the_mask_is_the_pitches_shifted(allowed: set[int], shift: int) -> None:
    mask = event_mask(np.isin(np.arange(128), list(allowed)), shift)
    assert mask[: melody.EVENT_OFFSET].all()
    found = np.flatnonzero(mask[melody.EVENT_OFFSET :]).tolist()
    assert found == sorted(pitch + shift for pitch in allowed if 0 <= pitch + shift <= 127)


def test_temperature_0_is_the_same_for_every_seed(melodist: SequenceGenerator) -> None:
    results = [
        generate(melodist, NoteSequence(), 0.0, 8.0, seed=seed, temperature=0.0)
        for seed in range(3)
    ]
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("arguments", [{"top_k": 1}, {"temperature": 0.0}])
def test_the_seed_makes_no_difference_to_the_likeliest(
    melodist: SequenceGenerator, arguments: dict[str, float]
) -> None:
    first = generate(melodist, NoteSequence(), 0.0, 8.0, seed=1, **arguments)
    assert generate(melodist, NoteSequence(), 0.0, 8.0, seed=2, **arguments) == first
