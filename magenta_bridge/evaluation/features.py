"""What one would notice of a melody: range, density, scale, repetition. Numbers, not judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody

_MAJOR: Final = np.array([0, 2, 4, 5, 7, 9, 11])


@dataclass(frozen=True)
class Features:
    """Features of one melody.

    Attributes:
        notes_per_bar: Note onsets in a bar.
        pitch_range: Semitones from the lowest to the highest note.
        scale_consistency: Largest share of notes within one major scale, 0..1 (Mogren 2016,
            section 4.3; here over the twelve major scales, which hold their modes too).
        mean_interval: Mean size of a step between successive notes, semitones.
        longest_repeat: Longest run of notes on one pitch.
        repeated_bars: Share of bars that stand earlier in the piece note for note, 0..1.
        stuck: The last half of the notes stands on one pitch: 1, else 0.
        silent: It has no notes at all: 1, else 0.
    """

    notes_per_bar: float
    pitch_range: float
    scale_consistency: float
    mean_interval: float
    longest_repeat: float
    repeated_bars: float
    stuck: float
    silent: float


def features_of(ids: NDArray[np.int32], bar_steps: int) -> Features:
    """Measures one melody.

    Args:
        ids: Event ids ``(steps,)`` from a bar line on.
        bar_steps: Steps in a bar.
    """
    pitches = ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    if not len(pitches):
        return Features(0, 0, 0, 0, 0, 0, 0, 1)
    intervals = np.abs(np.diff(pitches))
    half = pitches[len(pitches) // 2 :]
    return Features(
        notes_per_bar=len(pitches) * bar_steps / max(len(ids), 1),
        pitch_range=float(pitches.max() - pitches.min()),
        scale_consistency=_scale_consistency(pitches),
        mean_interval=float(intervals.mean()) if len(intervals) else 0.0,
        longest_repeat=float(_longest_run(pitches)),
        repeated_bars=_repeated_bars(ids, bar_steps),
        stuck=float(len(half) >= 4 and half.min() == half.max()),
        silent=0.0,
    )


def _scale_consistency(pitches: NDArray[np.int32]) -> float:
    classes = np.bincount(pitches % 12, minlength=12) / len(pitches)
    return float(max(classes[(_MAJOR + root) % 12].sum() for root in range(12)))


def _longest_run(pitches: NDArray[np.int32]) -> int:
    longest = run = 1
    for before, after in pairwise(pitches.tolist()):
        run = run + 1 if before == after else 1
        longest = max(longest, run)
    return longest


def _repeated_bars(ids: NDArray[np.int32], bar_steps: int) -> float:
    bars = [tuple(ids[at : at + bar_steps]) for at in range(0, len(ids) - bar_steps + 1, bar_steps)]
    counts = Counter(bars)
    return sum(times - 1 for times in counts.values()) / max(len(bars), 1)


@dataclass(frozen=True)
class Spread:
    """One feature over many melodies: mean, and the middle 90 % of them."""

    mean: float
    low: float
    high: float


def spread(measured: Sequence[Features]) -> dict[str, Spread]:
    """Returns mean and 5th to 95th percentile of each feature."""
    rows = [asdict(one) for one in measured]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {
        name: Spread(
            float(values.mean()),
            float(np.percentile(values, 5)),
            float(np.percentile(values, 95)),
        )
        for name, values in columns.items()
    }
