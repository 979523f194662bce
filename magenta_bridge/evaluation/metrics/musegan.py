"""MuseGAN's metrics: is music empty, chopped up, on the beat, and do two tracks agree.

After Dong, Hsiao, Yang and Yang, "MuseGAN: Multi-track Sequential Generative Adversarial Networks
for Symbolic Music Generation and Accompaniment" (AAAI 2018). Theirs is a grid of 96
steps to a bar of 4/4, where a step of ours is six of theirs. Values are to be close to those of
human music, not high or low.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.evaluation.metrics.note_array import Tones

_NAN: Final = float("nan")
_STEPS_PER_EIGHTH: Final = 2
_OFF_THE_EIGHTHS: Final = 0.1
# Harte, Sandler and Gasser (2006): circles of fifths, minor and major thirds.
_RADII: Final = (1.0, 1.0, 0.5)
_TURNS: Final = (7 / 12, 9 / 12, 4 / 12)


def empty_bars(tones: Tones) -> float:
    """Return EB: the share of bars in which nothing sounds, 0..1; nan for a piece without bars."""
    return (
        float((_sounding(tones, tones.bar_steps).sum(axis=1) == 0).mean()) if tones.bars else _NAN
    )


def used_pitch_classes(tones: Tones) -> float:
    """Return UPC: the mean number of pitch classes that sound in a bar, 1..12.

    Bars without notes are passed over, as in the authors' code, and drums are left out; nan
    without notes.
    """
    counts = (_sounding(tones.pitched(), tones.bar_steps) > 0).sum(axis=1)
    return float(counts[counts > 0].mean()) if counts.any() else _NAN


def qualified_notes(tones: Tones, shortest: int = 2) -> float:
    """Return QN: the share of notes that are not mere splinters, 0..1; nan without notes.

    The paper's notes qualify from three of 96 steps to a bar on, a 32nd note. Every note of a grid
    of sixteenths is longer, so by that measure the figure would always be 1. Here
    notes of two or more steps, an eighth, qualify instead.

    Args:
        tones: The piece.
        shortest: Steps from which on a note qualifies.
    """
    return float((tones.length >= shortest).mean()) if len(tones) else _NAN


def drum_pattern(tones: Tones) -> float:
    """Return DP: how much of the drums lies in the patterns of rock, 0..1; nan without drums.

    A hit on an eighth counts whole (the 8-beat pattern), one between them a tenth: the weights of
    the authors' code for bars of 16 steps.
    """
    hits = tones.start[tones.drum]
    if not len(hits):
        return _NAN
    return float(np.where(hits % _STEPS_PER_EIGHTH == 0, 1.0, _OFF_THE_EIGHTHS).mean())


def tonal_distance(one: Tones, other: Tones) -> float:
    """Return TD: how far apart two tracks are in harmony, 0 (the same notes) up.

    The distance of their tonal centroids in each quarter note, averaged over those in which both
    sound; nan where there is none. After Harte, Sandler and Gasser, "Detecting Harmonic Change in
    Musical Audio" (2006); pitch classes weigh by the steps that they sound.
    Drums are left out.

    Args:
        one: A track.
        other: Another one, whose step 0 is the same moment.
    """
    first, second = (_sounding(each.pitched(), STEPS_PER_QUARTER) for each in (one, other))
    beats = min(len(first), len(second))
    first, second = first[:beats], second[:beats]
    both = first.any(axis=1) & second.any(axis=1)
    if not both.any():
        return _NAN
    apart = _centroids(first[both]) - _centroids(second[both])
    return float(np.linalg.norm(apart, axis=1).mean())


MUSEGAN: Final[Mapping[str, Callable[[Tones], float]]] = {
    "EB": empty_bars,
    "UPC": used_pitch_classes,
    "QN": qualified_notes,
    "DP": drum_pattern,
}
"""The metrics of one track, by the paper's names."""


def _sounding(tones: Tones, unit: int) -> NDArray[np.float64]:
    """Return the steps that each pitch class sounds in each stretch, ``(stretches, 12)``."""
    counts = np.zeros((-(-tones.steps // unit), 12), dtype=np.float64)
    for start, end, pitch in zip(
        tones.start.tolist(), tones.end.tolist(), tones.pitch.tolist(), strict=True
    ):
        for stretch in range(start // unit, -(-end // unit)):
            begin, finish = max(start, stretch * unit), min(end, (stretch + 1) * unit)
            counts[stretch, pitch % 12] += finish - begin
    return counts


def _centroids(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the tonal centroids of chroma vectors, ``(beats, 12)`` to ``(beats, 6)``."""
    angles = 2.0 * np.pi * np.outer(_TURNS, np.arange(12))
    circles = np.stack([np.sin(angles), np.cos(angles)], axis=1) * np.reshape(_RADII, (3, 1, 1))
    shares = chroma / chroma.sum(axis=1, keepdims=True)
    centroids: NDArray[np.float64] = shares @ circles.reshape(6, 12).T
    return centroids
