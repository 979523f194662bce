"""What a two-sample test sees of one piece: some ninety numbers about when, what, and how loud."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import drums
from magenta_bridge.evaluation.metrics.note_array import Tones, tones_of
from magenta_bridge.evaluation.metrics.structure import bar_onsets, bar_similarity
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.tempo_map import TempoMap

_Floats = NDArray[np.float64]

_LAGS: Final = (1, 2, 4, 8)
_LENGTHS: Final = (1, 2, 4, 8, 16)
_LEAPS: Final = (0, 1, 2, 4, 7, 12)
_QUANTILES: Final = (0, 5, 25, 50, 75, 95, 100)
_STEPS_PER_QUARTER: Final = 4
_TRIPLETS: Final = (1 / 3, 2 / 3)
_NEAR_QUARTERS: Final = 0.04


def piece_features(music: NoteSequence, *, with_dynamics: bool = True) -> _Floats:
    """Return the features of one piece, ``(features,)``; nan for those that it does not have.

    Args:
        music: In seconds; ``total_time`` is its length.
        with_dynamics: Whether to look at velocities.

    Raises:
        InvalidSequenceError: A time is not finite.
        LimitExceededError: The music is too long.
    """
    tempo = TempoMap(music)
    steps = round(float(tempo.quarters(music.total_time)) * _STEPS_PER_QUARTER)
    tones = tones_of(music, steps=steps)
    notes = sorted(music.notes, key=lambda note: (note.start_time, note.pitch))
    quarters = np.asarray(tempo.quarters([note.start_time for note in notes]))
    loudness = np.array([note.velocity for note in notes], dtype=np.float64)
    parts = [
        _amount(tones),
        _places(tones),
        _form(tones),
        _pitches(tones),
        _lengths(tones),
        _drums(tones),
        _timing(quarters),
    ]
    return np.concatenate([*parts, _dynamics(quarters, loudness)] if with_dynamics else parts)


def _amount(tones: Tones) -> _Floats:
    """Measure how many notes there are, bar by bar, and how long none begins, in sixteenths."""
    counts = np.bincount(tones.start // tones.bar_steps, minlength=max(tones.bars, 1))
    half = len(counts) // 2
    onsets, together = np.unique(tones.start, return_counts=True)
    gaps = np.diff(np.concatenate([[0], onsets, [tones.steps]]))
    return np.array([
        counts.mean(), counts.std(), counts.min(), counts.max(), np.mean(counts == 0),
        counts[half:].mean() - counts[:half].mean(), gaps.max(initial=0), _mean(gaps[1:-1]),
        _std(gaps[1:-1]), _mean(together), _std(together), together.max(initial=0),
    ])  # fmt: skip


def _places(tones: Tones) -> _Floats:
    """Measure where in the bar and in the quarter notes begin, as shares of all."""
    bar = np.bincount(tones.start % tones.bar_steps * 16 // tones.bar_steps, minlength=16)
    quarter = np.bincount(tones.start % _STEPS_PER_QUARTER, minlength=_STEPS_PER_QUARTER)
    return np.concatenate([bar, quarter]) / max(len(tones), 1)


def _form(tones: Tones) -> _Floats:
    """Measure how bars repeat earlier ones."""
    alike = bar_similarity(tones)
    bars = bar_onsets(tones)
    lags = [np.diagonal(alike, lag) for lag in _LAGS]
    return np.array([
        *(_mean(each) for each in lags), *(_std(each) for each in lags),
        *(_mean(each >= 1.0) for each in lags),
        len(set(bars)) / max(len(bars), 1),
    ])  # fmt: skip


def _pitches(tones: Tones) -> _Floats:
    """Measure which pitches there are and how they follow; drums count as pitches."""
    pitch = tones.pitch
    classes = np.sort(np.bincount(pitch % 12, minlength=12))[::-1] / max(len(pitch), 1)
    leaps = np.abs(np.diff(pitch))
    sizes = np.bincount(np.searchsorted(_LEAPS, leaps), minlength=len(_LEAPS) + 1)
    return np.array([
        _mean(pitch), _std(pitch), np.ptp(pitch) if len(pitch) else np.nan,
        len(np.unique(pitch)), *np.cumsum(classes)[:7], *(sizes / max(len(leaps), 1)),
    ])  # fmt: skip


def _lengths(tones: Tones) -> _Floats:
    """Measure how long notes are, in sixteenths."""
    bins = np.bincount(np.searchsorted(_LENGTHS, tones.length), minlength=len(_LENGTHS) + 1)
    longest = tones.length.max(initial=0)
    shares = bins / max(len(tones), 1)
    return np.array([_mean(tones.length), _std(tones.length), longest, *shares])


def _drums(tones: Tones) -> _Floats:
    """Measure the share of each class of drums; nan for music without drums."""
    kinds = [drums.class_of(int(pitch)) for pitch in tones.pitch[tones.drum]]
    known = np.array([kind for kind in kinds if kind is not None], dtype=np.int64)
    if not len(known):
        return np.full(len(drums.CLASSES), np.nan)
    return np.bincount(known, minlength=len(drums.CLASSES)) / len(known)


def _timing(quarters: _Floats) -> _Floats:
    """Measure how far notes are from sixteenths, in sixteenths, and how many are triplets."""
    steps = quarters * _STEPS_PER_QUARTER
    early = steps - np.round(steps)
    near: NDArray[np.bool_] = np.abs(quarters[:, np.newaxis] % 1 - _TRIPLETS) < _NEAR_QUARTERS
    return np.array([_mean(early), _std(early), _mean(np.any(near, axis=1))])


def _dynamics(quarters: _Floats, loudness: _Floats) -> _Floats:
    """Measure how loud notes are, on which sixteenths of a quarter, and how it changes."""
    place = np.round(quarters * _STEPS_PER_QUARTER).astype(np.int64) % _STEPS_PER_QUARTER
    quantiles = np.percentile(loudness, _QUANTILES) if len(loudness) else [np.nan] * 7
    return np.array([
        _mean(loudness), _std(loudness), *quantiles,
        *(_mean(loudness[place == each]) for each in range(_STEPS_PER_QUARTER)),
        _mean(np.abs(np.diff(loudness))),
    ])  # fmt: skip


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _std(values: NDArray[Any]) -> float:
    return float(np.std(values)) if len(values) else float("nan")
