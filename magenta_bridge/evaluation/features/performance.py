"""What one would notice of expressive playing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import write_argument
from magenta_bridge.encodings import performance
from magenta_bridge.evaluation.copying import Copying
from magenta_bridge.evaluation.features.statistics import (
    Features,
    is_stuck,
    pitch_range,
    scale_consistency,
)
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence

SAMPLE_SECONDS: Final = 30.0
_LENGTHS: Final = {
    1: "thirty seconds",
    2: "fifteen seconds",
    4: "seven seconds and a half",
    8: "three seconds and three quarters",
}
_TICK: Final = 0.05


def performance_features(music: NoteSequence, seconds: float) -> Features:
    """Measure one performance.

    Args:
        music: All notes together, in seconds from 0 on.
        seconds: Length of the performance.
    """
    notes = sorted(music.notes, key=lambda note: (note.start_time, note.pitch))
    pitches = np.array([note.pitch for note in notes], dtype=np.int64)
    starts = np.array([note.start_time for note in notes])
    sounding = _sounding(music, seconds)
    trained_on = sounding > 0
    loudness = np.array([note.velocity for note in notes], dtype=np.float64)
    return {
        "density": len(notes) / seconds,
        "polyphony": float(sounding[trained_on].mean()) if trained_on.any() else 0.0,
        "pitch_range": pitch_range(pitches),
        "scale_consistency": scale_consistency(pitches),
        "loudness": float(loudness.mean()) if notes else 0.0,
        "dynamics": float(loudness.std()) if notes else 0.0,
        "longest_rest": float(np.diff([0.0, *starts, seconds]).max()),
        "stuck": is_stuck(pitches.tolist()),
        "silent": float(not notes),
    }


def _sounding(music: NoteSequence, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many notes sound, every twentieth of a second."""
    found = np.zeros(round(seconds / _TICK), dtype=np.int64)
    for note in music.notes:
        found[round(note.start_time / _TICK) : max(round(note.end_time / _TICK), 1)] += 1
    return found


@dataclass(frozen=True)
class PerformanceIdiom:
    """Expressive playing; see ``FeatureSet``."""

    noun: str = "performances"
    length: str = _LENGTHS[1]
    labels: dict[str, str] = field(
        default_factory=lambda: {
            "density": "notes in a second",
            "polyphony": "notes sounding at once",
            "pitch_range": "range, semitones",
            "scale_consistency": "share of notes in one major scale",
            "loudness": "mean velocity",
            "dynamics": "spread of velocities",
            "longest_rest": "longest time without a new note, seconds",
            "stuck": "stuck: last half on one pitch",
            "silent": "silent",
        }
    )
    checked: tuple[str, ...] = (
        "density", "polyphony", "pitch_range", "scale_consistency", "loudness",
    )  # fmt: skip
    limits: str = (
        "One piano, in seconds: it knows neither tempo nor bars, and the pedal only by how long "
        "notes sound.\nPhrases last seconds, not minutes: it keeps to a texture, not to a form. "
        "The music it learned from\ndecides its taste."
    )

    def note_onsets(self, ids: Piece) -> NDArray[np.int64]:
        """See ``FeatureSet.begun``."""
        return (ids < performance.NOTE_OFF).astype(np.int64)

    def whole(self, piece: Piece) -> NoteSequence:
        """See ``FeatureSet.whole``."""
        return performance.decode(piece[1:])

    def length_of(self, part: int) -> str:
        """See ``FeatureSet.length_of``."""
        return _LENGTHS[part]

    def excerpts(self, pieces: Sequence[Piece], part: int = 1) -> list[NoteSequence]:
        """See ``FeatureSet.excerpts``."""
        seconds = SAMPLE_SECONDS / part
        played = [performance.decode(piece[1:]) for piece in pieces]
        return [_opening(music, seconds) for music in played if music.total_time >= seconds]

    def drawn(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> Iterator[NoteSequence]:
        """See ``FeatureSet.drawn``."""
        del pieces
        for seed in range(count):
            options = GeneratorOptions()
            options.generate_sections.add(start_time=0.0, end_time=SAMPLE_SECONDS)
            write_argument(options, "seed", seed)
            yield generator.generate(NoteSequence(), options)

    def openings(self, pieces: Sequence[Piece]) -> list[Features]:
        """See ``FeatureSet.openings``."""
        long = self.excerpts(pieces) or [
            _opening(music, max(music.total_time, _TICK)) for music in map(self.whole, pieces)
        ]
        return [performance_features(music, music.total_time) for music in long]

    def samples(
        self, generator: SequenceGenerator, pieces: Sequence[Piece], count: int
    ) -> list[Features]:
        """See ``FeatureSet.samples``."""
        return [
            performance_features(music, SAMPLE_SECONDS)
            for music in self.drawn(generator, pieces, count)
        ]

    def copying(self, generator: SequenceGenerator, pieces: Sequence[Piece]) -> Copying | None:
        """See ``FeatureSet.copying``: without a grid no step can be compared."""
        del generator, pieces
        return None


def _opening(music: NoteSequence, seconds: float) -> NoteSequence:
    opening = NoteSequence(total_time=seconds)
    for note in music.notes:
        if note.start_time < seconds:
            opening.notes.add().CopyFrom(note)
            opening.notes[-1].end_time = min(note.end_time, seconds)
    return opening


PERFORMANCE: Final = PerformanceIdiom()
