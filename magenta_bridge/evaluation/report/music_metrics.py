"""What music is like, as a set of pieces: the figures of the report's musical sections."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from magenta_bridge.encodings.bars import white_shift
from magenta_bridge.encodings.melody import EVENT_OFFSET
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.evaluation.metrics.mgeval import FEATURES, SetDistance, compare_sets
from magenta_bridge.evaluation.metrics.mgeval_features import Feature
from magenta_bridge.evaluation.metrics.musegan import MUSEGAN, tonal_distance
from magenta_bridge.evaluation.metrics.muspy import SCALARS
from magenta_bridge.evaluation.metrics.note_array import Tones, tones_of
from magenta_bridge.evaluation.metrics.originality import Corpus, Run
from magenta_bridge.evaluation.metrics.structure import (
    bar_similarity,
    bars_heard_before,
    groove_similarity,
    pitch_class_entropy,
)
from magenta_bridge.noteseq import NoteSequence

LAGS: Final = (1, 2, 4, 8)
# Fewer have too few distances from each other to make a density of.
FEWEST_TO_COMPARE: Final = 5
# Excerpts play at 120 quarter notes a minute.
_QUARTERS_PER_SECOND: Final = 2.0

_STRUCTURE: Final[Mapping[str, Callable[[Tones], float]]] = {
    "bars_heard_before": bars_heard_before,
    **{f"similarity_{lag}": lambda tones, lag=lag: _at_lag(tones, lag) for lag in LAGS},  # type: ignore[misc]
    "groove_similarity": groove_similarity,
    "pitch_class_entropy_1": lambda tones: pitch_class_entropy(tones, 1),
    "pitch_class_entropy_4": lambda tones: pitch_class_entropy(tones, 4),
}


@dataclass(frozen=True)
class MusicFigures:
    """Figures of a set of pieces.

    Attributes:
        pieces: How many they are.
        near: How alike the set is to held-out human music, by mgeval feature in which human
            pieces differ; empty where there are too few pieces.
        scalars: MusPy's metrics, means over the pieces that have them.
        musegan: MuseGAN's, likewise; with TD where there are two tracks.
        structure: Repetition and structure, likewise.
        runs: The longest run of each piece that the training side of the music holds too; empty
            where that was not asked.
    """

    pieces: int
    near: Mapping[str, SetDistance]
    scalars: Mapping[str, float]
    musegan: Mapping[str, float]
    structure: Mapping[str, float]
    runs: Sequence[Run] = field(default_factory=tuple)

    @property
    def overlap(self) -> float:
        """Mean overlap with held-out human music over all features, 0..1; nan for none."""
        return float(np.mean([each.overlap for each in self.near.values()] or [np.nan]))

    @property
    def longest(self) -> int:
        """Longest run of all pieces, in notes."""
        return max((run.notes for run in self.runs), default=0)

    @property
    def usual(self) -> float:
        """Median of the pieces' longest runs, in notes."""
        return float(np.median([run.notes for run in self.runs])) if self.runs else 0.0

    @property
    def ninetieth(self) -> float:
        """90th percentile of the pieces' longest runs, in notes."""
        ranked = sorted(run.notes for run in self.runs)
        return float(ranked[math.ceil(0.9 * len(ranked)) - 1]) if ranked else 0.0


def excerpt_tones(music: NoteSequence) -> Tones:
    """Read an excerpt, in the key without signs that fits it best.

    Which key a piece stands in is no matter of style, yet features of pitch classes would count
    it: models that learned in all keys would seem strange beside people who play in three.

    Args:
        music: See ``FeatureSet.excerpts``. It lasts as long as its ``total_time`` says.
    """
    steps = round(music.total_time * _QUARTERS_PER_SECOND * STEPS_PER_QUARTER)
    tones = tones_of(music, steps=steps)
    pitched = tones.pitch[~tones.drum].astype(np.int32)
    moved = np.clip(tones.pitch + white_shift(pitched + EVENT_OFFSET), 0, 127)
    return replace(tones, pitch=np.where(tones.drum, tones.pitch, moved))


def measure_music(
    music: Sequence[NoteSequence], held_out: Sequence[Tones], corpus: Corpus | None
) -> MusicFigures:
    """Measure a set of excerpts.

    Args:
        music: The excerpts, as ``FeatureSet.excerpts`` and ``FeatureSet.drawn`` give them.
        held_out: Held-out human excerpts to be compared with.
        corpus: The training side of the music; None to look for no runs.
    """
    tones = [excerpt_tones(each) for each in music]
    musegan = _means(MUSEGAN, tones)
    apart = [tonal_distance(*both) for each in music if (both := _two_tracks(each)) is not None]
    musegan["TD"] = _mean(apart)
    return MusicFigures(
        pieces=len(tones),
        near=_near(held_out, tones),
        scalars=_means(SCALARS, tones),
        musegan=musegan,
        structure=_means(_STRUCTURE, tones),
        runs=[] if corpus is None else [corpus.longest_run(each) for each in tones],
    )


def _near(held_out: Sequence[Tones], tones: Sequence[Tones]) -> dict[str, SetDistance]:
    """Compare in the features in which human pieces differ; drums have no pitches to differ in."""
    if len(held_out) < FEWEST_TO_COMPARE or not tones:
        return {}
    found = compare_sets(held_out, tones)
    return {name: each for name, each in found.items() if _varies(FEATURES[name], held_out)}


def _varies(feature: Callable[[Tones], Feature], tones: Sequence[Tones]) -> bool:
    first, *others = (feature(each) for each in tones)
    return any(not np.array_equal(first, each) for each in others)


def _two_tracks(music: NoteSequence) -> tuple[Tones, Tones] | None:
    """Return both tracks of music in two; None for any other."""
    found = sorted({note.instrument for note in music.notes if not note.is_drum})
    if len(found) != 2:
        return None
    return _track(music, found[0]), _track(music, found[1])


def _track(music: NoteSequence, instrument: int) -> Tones:
    alone = NoteSequence()
    alone.CopyFrom(music)
    del alone.notes[:]
    alone.notes.extend(note for note in music.notes if note.instrument == instrument)
    return tones_of(alone)


def _at_lag(tones: Tones, lag: int) -> float:
    """Return how alike bars are to those so many bars earlier, 0..1; nan for a short piece."""
    alike = np.diagonal(bar_similarity(tones), lag)
    return float(alike.mean()) if len(alike) else float("nan")


def _means(
    measures: Mapping[str, Callable[[Tones], float]], tones: Iterable[Tones]
) -> dict[str, float]:
    pieces = list(tones)
    return {name: _mean([measure(each) for each in pieces]) for name, measure in measures.items()}


def _mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are numbers; nan where none is."""
    numbers = [value for value in values if np.isfinite(value)]
    return float(np.mean(numbers)) if numbers else float("nan")
