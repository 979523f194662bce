"""Numbers for what one would notice of music: range, scale, repetition. Not judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Features: TypeAlias = Mapping[str, float]
"""Features of one piece, by name."""

_MAJOR: Final = np.array([0, 2, 4, 5, 7, 9, 11])
_FEWEST_STUCK_NOTES: Final = 4


def scale_consistency(pitches: NDArray[np.integer]) -> float:
    """Return the largest share of notes within one major scale, 0..1.

    After Mogren, "C-RNN-GAN" (2016), section 4.3; here over the twelve major scales, which hold
    their modes too. 0 without notes.
    """
    if not len(pitches):
        return 0.0
    classes = np.bincount(pitches % 12, minlength=12) / len(pitches)
    return float(max(classes[(_MAJOR + root) % 12].sum() for root in range(12)))


def pitch_range(pitches: NDArray[np.integer]) -> float:
    """Return the semitones from the lowest to the highest note."""
    return float(pitches.max() - pitches.min()) if len(pitches) else 0.0


def longest_run(values: Sequence[Hashable]) -> float:
    """Return the length of the longest run of equal values."""
    longest = run = min(len(values), 1)
    for before, after in pairwise(values):
        run = run + 1 if before == after else 1
        longest = max(longest, run)
    return float(longest)


def repeated_share(values: Sequence[Hashable]) -> float:
    """Return the share of values that stand earlier in the sequence, 0..1."""
    counts = Counter(values)
    return sum(times - 1 for times in counts.values()) / max(len(values), 1)


def bars_of(rows: Sequence[Hashable], bar_steps: int) -> list[tuple[Hashable, ...]]:
    """Cut a sequence of one value a step into whole bars."""
    return [tuple(rows[at : at + bar_steps]) for at in range(0, len(rows), bar_steps)]


def is_stuck(values: Sequence[Hashable]) -> float:
    """Return 1 where the last half of the values, four or more, are the same; else 0."""
    half = values[len(values) // 2 :]
    return float(len(half) >= _FEWEST_STUCK_NOTES and len(set(half)) == 1)


@dataclass(frozen=True)
class PercentileRange:
    """One feature over many pieces: mean, and the middle 90 % of them."""

    mean: float
    low: float
    high: float


def spread(measured: Sequence[Features]) -> dict[str, PercentileRange]:
    """Return mean and 5th to 95th percentile of each feature."""
    columns = {name: np.array([row[name] for row in measured]) for name in measured[0]}
    return {
        name: PercentileRange(
            float(values.mean()),
            float(np.percentile(values, 5)),
            float(np.percentile(values, 95)),
        )
        for name, values in columns.items()
    }
