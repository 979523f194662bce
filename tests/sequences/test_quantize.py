"""Seconds to steps as note-seq counts them, through tempo changes, and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.errors import InvalidSequenceError, LimitExceededError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.quantize import place, quantize
from magenta_bridge.sequences.tempo_map import TempoMap
from tests.sequences.magenta import note_seq
from tests.sequences.music import (
    monophonic,
    music,
    polyphonic,
    quantized,
    steps,
    tempo_changes,
    times,
)

# Hand-played times: any tick of a fine clock but those exactly between two steps.
ticks = st.integers(0, 20_000).map(lambda tick: tick / 960 + 1 / 7919)
played = st.tuples(st.integers(0, 127), ticks, ticks)


@settings(max_examples=40)
@given(st.lists(played, max_size=20), st.sampled_from([60.0, 120.0, 97.3]), st.integers(1, 24))
def test_it_agrees_with_note_seq_at_one_tempo(
    notes: list[tuple[int, float, float]], qpm: float, steps_per_quarter: int
) -> None:
    sequence = music(*((pitch, a, a + b) for pitch, a, b in notes), qpm=qpm, meter=(4, 4))
    expected = note_seq().quantize_note_sequence(sequence, steps_per_quarter)
    found = quantize(sequence, steps_per_quarter)
    assert steps(found) == steps(expected)
    assert found.total_quantized_steps == expected.total_quantized_steps
    assert found.quantization_info == expected.quantization_info


@pytest.mark.parametrize("seconds", [0.0625, 0.1875, 0.3125])
def test_half_a_step_rounds_up_as_in_note_seq(seconds: float) -> None:
    sequence = music((60, seconds, seconds + 1), qpm=120, meter=(4, 4))
    assert steps(quantize(sequence, 4)) == steps(note_seq().quantize_note_sequence(sequence, 4))


@settings(max_examples=40)
@given(monophonic() | polyphonic(), tempo_changes(), st.floats(0.0, 50.0))
def test_quantizing_undoes_placing(
    sequence: NoteSequence, clock: NoteSequence, origin: float
) -> None:
    """Notes put on any clock come back to their steps, with any step 0."""
    tempo = TempoMap(clock)
    placed = place(sequence, tempo, origin_quarters=origin)
    placed.tempos.extend(clock.tempos)
    assert steps(quantize(placed, 4, origin_quarters=origin)) == steps(sequence)


def test_placing_clears_the_grid_and_states_the_length() -> None:
    placed = place(quantized((60, 0, 4), (62, 6, 8), total=16), TempoMap(music(qpm=120)))
    assert times(placed) == [(60, 0.0, 0.5), (62, 0.75, 1.0)]
    assert placed.total_time == 2.0
    assert steps(placed) == [(60, 0, 0), (62, 0, 0)]
    assert not placed.HasField("quantization_info")


def test_a_note_may_last_beyond_the_stated_length() -> None:
    assert place(quantized((60, 0, 9), total=4), TempoMap(music())).notes[0].end_time == 1.125


def test_steps_follow_the_tempo() -> None:
    sequence = music((60, 0, 2), (62, 2, 3), qpm=120)
    sequence.tempos.add(time=2.0, qpm=60)
    assert steps(quantize(sequence, 4)) == [(60, 0, 16), (62, 16, 20)]


def test_every_note_lasts_a_step() -> None:
    assert steps(quantize(music((60, 1, 1), (62, 1, 1.001)), 4)) == [(60, 8, 9), (62, 8, 9)]


def test_notes_before_step_0_are_left_out_or_shortened() -> None:
    sequence = music((60, 0, 1), (62, 0.5, 1.5), (64, 1, 2))
    assert steps(quantize(sequence, 4, origin_quarters=2.0)) == [(62, 0, 4), (64, 0, 8)]


def test_the_input_stays_as_it_was() -> None:
    sequence = music((60, 0, 1))
    before = sequence.SerializeToString()
    quantize(sequence, 4)
    assert sequence.SerializeToString() == before


@pytest.mark.parametrize("steps_per_quarter", [0, -4])
def test_a_grid_needs_steps(steps_per_quarter: int) -> None:
    with pytest.raises(InvalidSequenceError, match="steps_per_quarter"):
        quantize(NoteSequence(), steps_per_quarter)


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_a_time_that_is_not_finite_is_refused(time: float) -> None:
    with pytest.raises(InvalidSequenceError, match="finite"):
        quantize(music((60, 0, time)), 4)


def test_music_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceededError):
        quantize(music(total_time=1e6), 4)


def test_more_steps_than_fit_are_refused() -> None:
    """An hour at the fastest tempo that MIDI can write."""
    with pytest.raises(LimitExceededError, match="steps"):
        quantize(music((60, 0, 3600), qpm=60_000_000), 4)


def test_only_a_quantized_sequence_can_be_placed() -> None:
    with pytest.raises(InvalidSequenceError, match="quantize"):
        place(music((60, 0, 1)), TempoMap(music()))
