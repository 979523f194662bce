"""MusPy's metrics of one piece, each a number.

After Dong, Chen, McAuley and Berg-Kirkpatrick, "MusPy: A Toolkit for Symbolic Music Generation"
(ISMIR 2020), as version 0.5.0 computes them on a grid of four steps to the quarter, its
peculiarities included:

- A piece ends with its last note, whatever silence follows, and one more beat or bar is counted
  behind each that is complete. A note that ends where a beat begins still sounds in that beat.
- A step counts as polyphonic with more than two pitches.
- Drum patterns are looked at within a beat. On this grid each step is one of the duple pattern,
  so that ``drum_in_pattern_rate`` and ``drum_pattern_consistency`` are always 1; MuseGAN's
  ``drum_pattern`` tells more.

No number says by itself that music is good: compare it with that of human music.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.evaluation.metrics.note_array import Tones

_PITCHES: Final = 128
_MORE_THAN: Final = 2
_SCALES: Final = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_NAN: Final = float("nan")


def n_pitches(tones: Tones) -> float:
    """Return how many pitches are used; drums are left out."""
    return float(len(np.unique(tones.pitched().pitch)))


def n_pitch_classes(tones: Tones) -> float:
    """Return how many pitch classes are used, 0..12; drums are left out."""
    return float(len(np.unique(tones.pitched().pitch % 12)))


def pitch_range(tones: Tones) -> float:
    """Return the semitones from lowest to highest note; 0 without notes, drums left out.

    MusPy itself answers -127 for drums alone.
    """
    pitches = tones.pitched().pitch
    return float(np.ptp(pitches)) if len(pitches) else 0.0


def polyphony(tones: Tones) -> float:
    """Return the mean number of pitches that sound, where any does; nan without notes."""
    sounding = _sounding(tones)
    return float(sounding[sounding > 0].mean()) if sounding.any() else _NAN


def polyphony_rate(tones: Tones) -> float:
    """Return the share of steps on which three or more pitches sound; nan without notes."""
    sounding = _sounding(tones)
    return float((sounding > _MORE_THAN).mean()) if len(sounding) else _NAN


def pitch_in_scale_rate(
    tones: Tones, root: int = 0, mode: Literal["major", "minor"] = "major"
) -> float:
    """Return the share of notes within one scale; nan without notes, drums left out.

    Args:
        tones: The piece.
        root: Pitch class of the scale, 0 (C) to 11.
        mode: Major or natural minor.
    """
    classes = tones.pitched().pitch % 12
    scale = (np.array(_SCALES[mode]) + root) % 12
    return float(np.isin(classes, scale).mean()) if len(classes) else _NAN


def scale_consistency(tones: Tones) -> float:
    """Return the share of notes within the scale that holds most of them.

    Nan without notes, drums left out. Of the 24 scales, the twelve minor ones have the notes of
    the major ones.
    """
    return max(pitch_in_scale_rate(tones, root) for root in range(12))


def pitch_entropy(tones: Tones) -> float:
    """Return the entropy of the pitches of notes, in bits; nan without, drums left out."""
    return _entropy(tones.pitched().pitch)


def pitch_class_entropy(tones: Tones) -> float:
    """Return the entropy of the pitch classes of notes, in bits; nan without, drums left out."""
    return _entropy(tones.pitched().pitch % 12)


def empty_beat_rate(tones: Tones) -> float:
    """Return the share of quarter notes in which nothing sounds; nan without notes."""
    return _empty_rate(tones, STEPS_PER_QUARTER)


def empty_measure_rate(tones: Tones) -> float:
    """Return the share of bars in which nothing sounds; nan without notes."""
    return _empty_rate(tones, tones.bar_steps)


def groove_consistency(tones: Tones) -> float:
    """Return how alike the rhythm of each bar is to the next one's, 0..1; nan under two bars.

    One minus the mean share of steps that begin a note in one of two neighboring bars only.
    """
    bars = _last_end(tones) // tones.bar_steps + 1
    if bars < 2:
        return _NAN
    note_onsets = np.zeros(bars * tones.bar_steps, dtype=np.bool_)
    note_onsets[tones.start] = True
    rows = note_onsets.reshape(bars, tones.bar_steps)
    return float(1.0 - (rows[1:] != rows[:-1]).mean())


def drum_in_pattern_rate(tones: Tones, meter: Literal["duple", "triple"] = "duple") -> float:
    """Return the share of drum hits in the pattern of a meter; nan without drums.

    Args:
        tones: The piece.
        meter: The pattern: each of the four steps of a beat, or its first one only, since four
            steps can not be cut in three.
    """
    hits = tones.start[tones.drum] % STEPS_PER_QUARTER
    if not len(hits):
        return _NAN
    return 1.0 if meter == "duple" else float((hits == 0).mean())


def drum_pattern_consistency(tones: Tones) -> float:
    """Return the share of drum hits in the pattern that holds most; nan without drums."""
    return max(drum_in_pattern_rate(tones, "duple"), drum_in_pattern_rate(tones, "triple"))


SCALARS: Final[Mapping[str, Callable[[Tones], float]]] = {
    "n_pitches": n_pitches,
    "n_pitch_classes": n_pitch_classes,
    "pitch_range": pitch_range,
    "polyphony": polyphony,
    "polyphony_rate": polyphony_rate,
    "pitch_in_scale_rate": pitch_in_scale_rate,
    "scale_consistency": scale_consistency,
    "pitch_entropy": pitch_entropy,
    "pitch_class_entropy": pitch_class_entropy,
    "empty_beat_rate": empty_beat_rate,
    "empty_measure_rate": empty_measure_rate,
    "groove_consistency": groove_consistency,
    "drum_in_pattern_rate": drum_in_pattern_rate,
    "drum_pattern_consistency": drum_pattern_consistency,
}
"""All metrics, by MusPy's names; ``pitch_in_scale_rate`` is that of C major."""


def _last_end(tones: Tones) -> int:
    return int(tones.end.max(initial=0))


def _sounding(tones: Tones) -> NDArray[np.int64]:
    """Return the pitches that sound on each step up to the last note's end; no drums."""
    roll = np.zeros((_last_end(tones), _PITCHES), dtype=np.bool_)
    notes = tones.pitched()
    for start, end, pitch in zip(notes.start, notes.end, notes.pitch, strict=True):
        roll[start:end, pitch] = True
    counts: NDArray[np.int64] = roll.sum(axis=1)
    return counts


def _empty_rate(tones: Tones, unit: int) -> float:
    if not len(tones):
        return _NAN
    trained_on = np.zeros(_last_end(tones) // unit + 1, dtype=np.bool_)
    for first, last in zip(tones.start // unit, tones.end // unit, strict=True):
        trained_on[first : last + 1] = True
    return float(1.0 - trained_on.mean())


def _entropy(values: NDArray[np.int64]) -> float:
    if not len(values):
        return _NAN
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return abs(float(-(shares * np.log2(shares)).sum()))
