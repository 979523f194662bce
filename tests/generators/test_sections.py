"""A section of any length begins and ends exactly, at the primer's tempo."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.sequences.tempo_map import TempoMap
from tests.generators.section_checks import generate
from tests.sequences.music import music, tempo_changes

# The generator outlives the examples on purpose: it keeps nothing between calls.
anyhow = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
METERS = [(4, 4), (3, 4), (6, 8), (2, 2), (12, 8), (5, 4), (7, 8), (1, 64), (255, 1)]


@anyhow
@given(
    clock=tempo_changes(most=8),
    start=st.floats(0.0, 400.0),
    length=st.floats(1e-6, 3.0),
    meter=st.sampled_from(METERS),
)
def test_any_section_is_filled_exactly(
    generator: SequenceGenerator,
    clock: NoteSequence,
    start: float,
    length: float,
    meter: tuple[int, int],
) -> None:
    """To the last bit, on any clock, also within a bar and shorter than a step."""
    clock.time_signatures.add(numerator=meter[0], denominator=meter[1])
    if start < start + length:
        generate(generator, clock, start, start + length, seed=int(start * 1_000))


@anyhow
@given(clock=tempo_changes(most=8), start=st.floats(0.0, 100.0), seed=st.integers(0, 99))
def test_notes_lie_on_the_grid_of_the_tempo(
    melodist: SequenceGenerator, clock: NoteSequence, start: float, seed: int
) -> None:
    """Counted from the section's start in quarters, through tempo changes inside it."""
    end = start + 4.0
    result = generate(melodist, clock, start, end, seed=seed)
    assert list(result.tempos) == list(clock.tempos) or not clock.tempos
    tempo = TempoMap(clock)
    grid = melodist.info.steps_per_quarter
    for note in result.notes:
        for time in (note.start_time, note.end_time):
            steps = float(tempo.quarters(time) - tempo.quarters(start)) * grid
            assert time == end or steps == pytest.approx(round(steps), abs=1e-5)


@pytest.mark.parametrize("length", [1e-9, 0.001, 0.0625, 0.124999, 0.125, 0.125001])
def test_a_section_shorter_than_a_step_holds_one_note(
    melodist: SequenceGenerator, length: float
) -> None:
    """A step lasts 0.125 s at 120 qpm; less room than that is filled too."""
    result = generate(melodist, music(), 2.0, 2.0 + length)
    assert len(result.notes) <= 2
    assert result.notes[0].end_time <= 2.0 + length


def test_a_thousand_bars_are_filled(melodist: SequenceGenerator) -> None:
    """Bars of 3/8, to be short about it."""
    primer = music(qpm=120, meter=(3, 8))
    start, end = section_after(primer, 1_000)
    assert (start, end) == (0.0, 750.0)
    result = generate(melodist, primer, start, end, seed=3)
    assert result.notes[-1].end_time > 100.0


@pytest.mark.parametrize("meter", METERS[:-2])
def test_bars_follow_the_primer(generator: SequenceGenerator, meter: tuple[int, int]) -> None:
    """Also in meters that no model has learned."""
    bar = 2.0 * meter[0] / meter[1]
    primer = music((60, 0, bar), (62, bar, 1.5 * bar), qpm=120, meter=meter)
    start, end = section_after(primer, 2)
    assert start == pytest.approx(2 * bar)
    result = generate(generator, primer, start, end, seed=1)
    found = result.time_signatures[0]
    assert (found.numerator, found.denominator) == meter


def test_the_tempo_may_change_within_the_section(melodist: SequenceGenerator) -> None:
    """The same notes, but those behind the change last twice as long."""
    steady = music((60, 0, 1), (62, 1, 2), qpm=120)
    slowing = music((60, 0, 1), (62, 1, 2), qpm=120)
    slowing.tempos.add(time=4.0, qpm=60)
    plain = generate(melodist, steady, 2.0, 6.0, seed=5)
    slow = generate(melodist, slowing, 2.0, 8.0, seed=5)
    stretched = [
        (note.pitch, _slowed(note.start_time), _slowed(note.end_time)) for note in plain.notes
    ]
    found = [(note.pitch, note.start_time, note.end_time) for note in slow.notes]
    assert found == [pytest.approx(note) for note in stretched]


def _slowed(time: float) -> float:
    return time if time <= 4.0 else 4.0 + 2 * (time - 4.0)


def test_without_tempo_and_meter_it_says_120_and_four_four(generator: SequenceGenerator) -> None:
    result = generate(generator, NoteSequence(), 0.0, 2.0)
    assert [(mark.time, mark.qpm) for mark in result.tempos] == [(0, 120)]
    assert [(m.numerator, m.denominator) for m in result.time_signatures] == [(4, 4)]


def test_a_section_is_read_in_the_meter_written_on_its_start(generator: SequenceGenerator) -> None:
    """A rounding error between the mark and the section makes no difference."""
    results = []
    for off in (0.0, 1e-9):
        primer = music((60, 0, 2), (64, 2, 4), qpm=120, meter=(4, 4))
        primer.time_signatures.add(time=4.0 + off, numerator=3, denominator=4)
        results.append(generate(generator, primer, 4.0, 10.0, seed=2).notes)
    assert results[0] == results[1]
