"""Any temperature gives music: no long silence, no pitch forever, in the register of the primer.

``benchmarks/temperature.py`` measures the same with 20 primers at five temperatures.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import pytest

from benchmarks.temperature import Figures, figures, measured
from magenta_bridge.formats import read
from magenta_bridge.generators.bundle import shipped_bundles
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.generators.guard import Guard, GuardedIds
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import transpose
from tests.generators.section_checks import generate, options, registry
from tests.sequences.music import music

TUNE = music(
    *((pitch, 0.5 * beat, 0.5 * beat + 0.5) for beat, pitch in enumerate([67, 71, 74, 71] * 4)),
    qpm=120,
    meter=(4, 4),
)
CHORDS = music(
    *(
        (pitch, 2.0 * bar, 2.0 * bar + 2)
        for bar in range(4)
        for pitch in ((60, 64, 67), (57, 60, 64))[bar % 2]
    ),
    qpm=120,
    meter=(4, 4),
)


def section_figures(result: NoteSequence, start: float) -> Figures:
    """Return the figures of a section at 120 qpm."""
    quarters = NoteSequence()
    quarters.CopyFrom(result)
    for note in quarters.notes:
        note.start_time, note.end_time = (
            (note.start_time - start) * 2,
            (note.end_time - start) * 2,
        )
    return figures(quarters, 0.0, (result.total_time - start) * 2)


@pytest.mark.parametrize("temperature", [0.0, 0.2, 0.5])
@pytest.mark.parametrize(
    "primer", [NoteSequence(), TUNE, CHORDS], ids=["nothing", "tune", "chords"]
)
def test_there_are_notes_in_every_two_bars(
    generator: SequenceGenerator, primer: NoteSequence, temperature: float
) -> None:
    result = generate(generator, primer, 8.0, 24.0, temperature=temperature, seed=3)
    found = section_figures(result, 8.0)
    assert found.notes >= 8
    assert found.gap <= 8 + 1e-3
    if generator.info.encoding not in ("drums", "groove"):
        assert found.run <= 12


def test_five_temperatures_after_some_primers(generator: SequenceGenerator) -> None:
    """The bounds hold at temperature 1 and above as well."""
    for temperature in (1.0, 1.5):
        for number, (_, _, found) in enumerate(measured(generator, temperature, seed=4)):
            assert found.gap <= 8 + 1e-3, number
            if number == 5:
                break


@pytest.mark.parametrize("octaves", [-3, 3])
@pytest.mark.parametrize("generator_id", ["gan_melody", "gan_duo"])
def test_bars_keep_the_register_of_the_primer(generator_id: str, octaves: int) -> None:
    low = transpose(TUNE, 12 * octaves)
    result = generate(registry().get(generator_id), low, 8.0, 16.0, seed=1)
    lead = [note.pitch for note in result.notes if note.instrument == 0]
    assert abs(statistics.median(lead) - 71 - 12 * octaves) <= 12


@pytest.mark.parametrize("temperature", [0.5, 1.5])
def test_voices_stay_in_the_register_of_the_primer(temperature: float) -> None:
    for name in ("gru_polyphony", "lstm_polyphony", "lstm_performance"):
        result = generate(registry().get(name), CHORDS, 8.0, 16.0, temperature=temperature)
        assert all(57 - 36 <= note.pitch <= 67 + 24 for note in result.notes)


def test_a_guard_refuses_silence_and_repetition() -> None:
    """Six pitches and a rest; a note every four steps, three of a kind."""
    ids = GuardedIds(
        onsets=np.array([-1, 60, 61, 62, 63, 64, 65], dtype=np.int32),
        steps=np.ones(7, dtype=np.int32),
        waits=np.zeros(7, dtype=np.bool_),
        run=3,
        loop=4,
        share=32,
    )
    guard = Guard(ids, 4, np.ones(7, dtype=np.bool_))
    for value in (1, 1, 1):
        assert guard.mask() is None
        guard.add(value)
    assert guard.mask().tolist() == [True, False, *[True] * 5]  # type: ignore[union-attr]
    for value in (0, 0, 0):
        guard.add(value)
    assert guard.mask().tolist() == [False, False, *[True] * 5]  # type: ignore[union-attr]
    assert guard.mask(repeats=False).tolist() == [False, *[True] * 6]  # type: ignore[union-attr]
    for value in (2, 3, 2, 3, 2, 3):
        guard.add(value)
    assert guard.mask().tolist() == [True, True, False, *[True] * 4]  # type: ignore[union-attr]


_STEPWISE = [path for path in shipped_bundles() if not path.stem.startswith("gan_")]


@pytest.mark.parametrize("path", _STEPWISE, ids=lambda path: path.stem)
def test_single_steps_go_on_where_many_steps_stop(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refused id is chosen again with its own random number; the rest is the same music."""
    generator = load_generator(path)
    expected = generator.generate(TUNE, options(8.0, 12.0, seed=5))
    asked: list[int] = []

    def refuse_once(_: Guard, value: int) -> bool:
        asked.append(value)
        return len(asked) not in (12, 13)

    monkeypatch.setattr(Guard, "allows", refuse_once)
    monkeypatch.setattr(Guard, "within", lambda _, allowed: allowed)
    assert generator.generate(TUNE, options(8.0, 12.0, seed=5)) == expected
    assert asked[11] == asked[12]


def test_a_tune_is_continued_where_low_temperatures_were_silent() -> None:
    melody = Path(__file__).parents[1] / "data" / "midi" / "melody.mid"
    for name in ("gan_duo", "lstm_performance"):
        for temperature in (0.0, 0.2, 0.5):
            result = generate(
                registry().get(name), read(melody), 16.0, 32.0, temperature=temperature
            )
            assert len(result.notes) >= 12
