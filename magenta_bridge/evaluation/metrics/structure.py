"""How a piece repeats itself, bar by bar."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.features.statistics import repeated_share
from magenta_bridge.evaluation.metrics.note_array import Tones

Onset: TypeAlias = tuple[int, int, bool]
"""Step within the bar, pitch, and whether it is a drum."""

_NAN: Final = float("nan")


def bar_similarity(tones: Tones) -> NDArray[np.float64]:
    """Return how alike each two bars are, ``(bars, bars)``, 0 (nothing shared) to 1 (the same).

    The notes that both bars begin, as a share of those that either begins (Jaccard 1901); notes
    are the same on the same step of the bar with the same pitch. Two empty bars are the same.
    """
    bars = bar_onsets(tones)
    kinds = {onset: index for index, onset in enumerate(sorted(set().union(*bars)))}
    note_onsets = np.zeros((len(bars), len(kinds)), dtype=np.float64)
    for row, onsets in enumerate(bars):
        note_onsets[row, [kinds[onset] for onset in onsets]] = 1.0
    shared = note_onsets @ note_onsets.T
    sizes = note_onsets.sum(axis=1)
    either = sizes[:, np.newaxis] + sizes - shared
    return np.where(either > 0, shared / np.maximum(either, 1.0), 1.0)


def bars_heard_before(tones: Tones) -> float:
    """Return the share of bars whose notes (step in the bar and pitch) were heard before, 0..1.

    A silent bar behind another one counts. 0 for a piece without bars.
    """
    return repeated_share(bar_onsets(tones))


def groove_similarity(tones: Tones) -> float:
    """Return how alike the rhythms of each two bars are, 0..1; nan under two bars.

    GS of Wu and Yang, "The Jazz Transformer on the Front Line" (ISMIR 2020): one
    minus the share of steps of a bar on which one of the two begins a note and the other does
    not, averaged over all pairs of bars. Their bar has 64 steps, ours those of its meter.
    """
    if tones.bars < 2:
        return _NAN
    note_onsets = np.zeros(tones.bars * tones.bar_steps, dtype=np.float64)
    note_onsets[tones.start] = 1.0
    grooves = note_onsets.reshape(tones.bars, tones.bar_steps)
    differ = grooves @ (1.0 - grooves).T
    pairs = np.triu_indices(tones.bars, k=1)
    return float(1.0 - (differ + differ.T)[pairs].mean() / tones.bar_steps)


def pitch_class_entropy(tones: Tones, window_bars: int) -> float:
    """Return the mean entropy of pitch classes in windows of some bars, in bits, 0..3.58.

    H of Wu and Yang (2020): H1 with windows of one bar tells how wandering the
    harmony of a bar is, H4 with four that of a phrase. Windows begin with each bar; those without
    notes are passed over, and a shorter piece is one window. Drums are left out; nan without
    notes.

    Args:
        tones: The piece.
        window_bars: Bars in a window, 1 or more.
    """
    notes = tones.pitched()
    if not len(notes):
        return _NAN
    by_bar = np.zeros((notes.bars, 12), dtype=np.float64)
    np.add.at(by_bar, (notes.start // notes.bar_steps, notes.pitch % 12), 1.0)
    width = min(window_bars, notes.bars)
    windows = np.lib.stride_tricks.sliding_window_view(by_bar, width, axis=0).sum(axis=-1)
    return float(np.mean([_entropy(each) for each in windows if each.any()]))


def bar_onsets(tones: Tones) -> list[frozenset[Onset]]:
    """Return the notes that begin in each bar."""
    bars: list[set[Onset]] = [set() for _ in range(tones.bars)]
    for start, pitch, drum in zip(
        tones.start.tolist(), tones.pitch.tolist(), tones.drum.tolist(), strict=True
    ):
        bars[start // tones.bar_steps].add((start % tones.bar_steps, pitch, drum))
    return [frozenset(bar) for bar in bars]


def _entropy(counts: NDArray[np.float64]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return abs(float(-(shares * np.log2(shares)).sum()))
