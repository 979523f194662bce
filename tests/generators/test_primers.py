"""The section is valid whatever the primer is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.formats import read
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import transpose
from magenta_bridge.sequences.sections import section_after
from tests.generators.section_checks import generate, options, pitches
from tests.sequences.music import music, times

FILES = sorted((Path(__file__).parents[1] / "data" / "midi").glob("*.mid"))
TUNE = music(
    *((pitch, 0.5 * beat, 0.5 * beat + 0.5) for beat, pitch in enumerate([67, 71, 74, 71] * 4)),
    qpm=120,
    meter=(4, 4),
)


def continued(
    generator: SequenceGenerator,
    primer: NoteSequence,
    *,
    bars: float = 4,
    temperature: float = 1.0,
) -> NoteSequence:
    """Return the bars that follow a primer."""
    start, end = section_after(primer, bars)
    return generate(generator, primer, start, end, seed=1, temperature=temperature)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_each_of_the_test_files_is_continued(generator: SequenceGenerator, file: Path) -> None:
    """Polyphony, drums alone, silence, tempo and meter changes, an upbeat, 64 bars."""
    continued(generator, read(file), bars=2)


@pytest.mark.parametrize("octaves", [-4, -3, 4])
def test_the_register_of_the_primer_is_kept(melodist: SequenceGenerator, octaves: int) -> None:
    """A bass line goes on as a bass line: as the same line in a learned octave, moved there."""
    bass = transpose(TUNE, 12 * octaves)
    found = pitches(continued(melodist, bass, temperature=0.0))
    learned = []
    for shift in (-48, -36, -24, -12, 12, 24, 36, 48):
        moved = continued(melodist, transpose(bass, shift), temperature=0.0)
        learned.append([pitch - shift for pitch in pitches(moved)])
    assert found in learned


@pytest.mark.parametrize("pitch", [0, 20, 64, 110, 127])
def test_any_register_can_be_continued(generator: SequenceGenerator, pitch: int) -> None:
    continued(generator, music((pitch, 0, 2), qpm=120))


def test_the_primer_decides_what_follows(melodist: SequenceGenerator) -> None:
    other = music((60, 0, 4), (61, 4, 8), qpm=120, meter=(4, 4))
    assert pitches(continued(melodist, TUNE)) != pitches(continued(melodist, other))


def test_the_top_one_of_several_voices_is_read(melodist: SequenceGenerator) -> None:
    """Chords and drums below the tune change nothing."""
    thick = NoteSequence()
    thick.CopyFrom(TUNE)
    for start in range(8):
        thick.notes.add(pitch=48, velocity=80, start_time=start, end_time=start + 1.0)
        thick.notes.add(
            pitch=90, velocity=80, start_time=start + 0.25, end_time=start + 0.3, is_drum=True
        )
    assert times(continued(melodist, thick)) == times(continued(melodist, TUNE))


def test_drums_alone_count_as_silence(melodist: SequenceGenerator) -> None:
    drums = music(qpm=120, total_time=2.0)
    drums.notes.add(pitch=36, velocity=80, end_time=1.0, is_drum=True)
    silence = music(qpm=120, total_time=2.0)
    assert times(continued(melodist, drums)) == times(continued(melodist, silence))


def test_notes_after_the_section_are_ignored(melodist: SequenceGenerator) -> None:
    """The section may lie in the middle of a piece."""
    later = NoteSequence()
    later.CopyFrom(TUNE)
    for pitch, start in [(60, 8.0), (50, 10.0), (40, 100.0)]:
        later.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=start + 1.0)
    expected = generate(melodist, TUNE, 8.0, 12.0, seed=6)
    assert times(generate(melodist, later, 8.0, 12.0, seed=6)) == times(expected)


def test_a_note_that_sounds_into_the_section_is_read_up_to_it(
    melodist: SequenceGenerator,
) -> None:
    held = NoteSequence()
    held.CopyFrom(TUNE)
    held.notes[-1].end_time = 11.0
    expected = generate(melodist, TUNE, 8.0, 12.0, seed=6)
    assert times(generate(melodist, held, 8.0, 12.0, seed=6)) == times(expected)


def test_notes_played_by_hand_are_read_on_their_steps(melodist: SequenceGenerator) -> None:
    """A few milliseconds early or late, the tune is still the same one."""
    loose = NoteSequence()
    loose.CopyFrom(TUNE)
    for index, note in enumerate(loose.notes):
        note.start_time = max(note.start_time + 0.03 * math.sin(index * 2.4), 0.0)
        note.end_time = min(note.end_time - 0.03 * abs(math.cos(index)), 8.0)
    expected = generate(melodist, TUNE, 8.0, 16.0, seed=6)
    assert times(generate(melodist, loose, 8.0, 16.0, seed=6)) == times(expected)


def test_an_off_beat_start_carries_its_grid_along(melodist: SequenceGenerator) -> None:
    """A section that starts 20 ms late has all its notes 20 ms late."""
    expected = generate(melodist, TUNE, 8.0, 12.0, seed=6)
    late = generate(melodist, TUNE, 8.02, 12.02, seed=6)
    assert pitches(late) == pitches(expected)
    for here, there in zip(late.notes, expected.notes, strict=True):
        assert here.start_time == pytest.approx(there.start_time + 0.02)


def test_input_sections_choose_what_is_read(melodist: SequenceGenerator) -> None:
    """Notes outside them change nothing."""
    half = NoteSequence()
    half.CopyFrom(TUNE)
    del half.notes[:8]
    chosen = options(8.0, 12.0, seed=6)
    chosen.input_sections.add(start_time=4.0, end_time=8.0)
    expected = melodist.generate(half, options(8.0, 12.0, seed=6))
    found = melodist.generate(TUNE, chosen)
    assert times(found) == times(expected)
    assert times(found) != times(melodist.generate(TUNE, options(8.0, 12.0, seed=6)))


def test_several_input_sections_are_read_together(melodist: SequenceGenerator) -> None:
    chosen = options(8.0, 12.0, seed=6)
    for start in range(0, 8, 2):
        chosen.input_sections.add(start_time=start, end_time=start + 2)
    expected = melodist.generate(TUNE, options(8.0, 12.0, seed=6))
    assert melodist.generate(TUNE, chosen) == expected


def test_new_notes_sound_like_the_last_of_the_old(melodist: SequenceGenerator) -> None:
    """In its instrument and program, at the mean velocity."""
    primer = NoteSequence()
    primer.CopyFrom(TUNE)
    primer.notes[0].velocity = 48
    primer.notes[-1].program, primer.notes[-1].instrument = 40, 3
    for note in continued(melodist, primer).notes:
        assert (note.program, note.instrument, note.velocity, note.is_drum) == (40, 3, 78, False)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("start_time", float("nan")),
        ("end_time", float("nan")),
        ("end_time", float("inf")),
        ("start_time", -1.0),
        ("pitch", 128),
        ("velocity", 0),
    ],
)
def test_an_invalid_primer_is_refused(
    generator: SequenceGenerator, path: str, value: float
) -> None:
    primer = NoteSequence()
    primer.CopyFrom(TUNE)
    setattr(primer.notes[3], path, value)
    with pytest.raises(InvalidSequenceError) as caught:
        generator.generate(primer, options(8.0, 12.0))
    assert caught.value.field == f"primer.notes[3].{path}"


def test_a_tempo_of_0_is_refused(generator: SequenceGenerator) -> None:
    with pytest.raises(InvalidSequenceError) as caught:
        generator.generate(music(qpm=0.0), options(0.0, 4.0))
    assert caught.value.field == "primer.tempos[0].qpm"


def test_a_meter_of_nothing_is_refused(generator: SequenceGenerator) -> None:
    with pytest.raises(InvalidSequenceError) as caught:
        generator.generate(music(meter=(4, 0)), options(0.0, 4.0))
    assert caught.value.field == "primer.time_signatures[0].denominator"


@pytest.mark.parametrize("qpm", [1e-300, 1e-3, 60_000_000])
def test_an_absurd_tempo_is_served(generator: SequenceGenerator, qpm: float) -> None:
    """The slowest and the fastest that can be written; an hour has billions of beats."""
    primer = music((60, 0, 1), (62, 1, 3600), qpm=qpm)
    generate(generator, primer, 3600.0, 3600.0 + 1e-6)
