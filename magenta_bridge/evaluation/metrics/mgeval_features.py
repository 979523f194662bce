"""Nine features of a piece, as mgeval takes them.

After Yang and Lerch, "On the evaluation of generative models in music" (Neural Computing and
Applications, 2020), and its tool mgeval. Where the two leave a choice, this is the tool's default.
Counts and matrices are not divided by the length of a piece, so compare excerpts of one length.
A piece in which a feature has no sense, silence above all, has zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.metrics.note_array import Tones

Feature: TypeAlias = NDArray[np.float64]

NOTE_LENGTHS: Final[Mapping[str, int]] = {
    "whole": 96,
    "half": 48,
    "quarter": 24,
    "eighth": 12,
    "sixteenth": 6,
    "dotted half": 72,
    "dotted quarter": 36,
    "dotted eighth": 18,
    "dotted sixteenth": 9,
    "half triplet": 32,
    "quarter triplet": 16,
    "eighth triplet": 8,
}
"""Classes of note length, in 1/96 of a bar.

They are shares of a bar of any meter, as in mgeval. In 4/4 the lengths of 1 to 16 steps are, in
turn: sixteenth, eighth, dotted eighth, quarter, half triplet, dotted quarter, half (7 to 10),
dotted half (11 to 13) and whole (14 to 16); 7, 10 and 14 are as near to the neighboring class.
"""

_CLASSES: Final = 12


def pitch_count(tones: Tones) -> Feature:
    """Return how many pitches are used, ``(1,)``; drums are left out."""
    return _single(len(np.unique(tones.pitched().pitch)))


def pitch_class_histogram(tones: Tones) -> Feature:
    """Return the share of sounding time of each pitch class, ``(12,)``; drums are left out."""
    notes = tones.pitched()
    sounding = np.zeros(_CLASSES)
    np.add.at(sounding, notes.pitch % _CLASSES, notes.length)
    return sounding / max(float(sounding.sum()), 1.0)


def pitch_class_transitions(tones: Tones) -> Feature:
    """Return how often a pitch class follows another, ``(12, 12)``; drums are left out.

    A note follows each one that ends where it begins, as in pretty_midi, which mgeval asks; so
    nothing follows a rest, and every note of a chord follows every one of the chord before.
    """
    notes = tones.pitched()
    ended = _by_class(notes.end, notes.pitch, notes.steps + 1)
    note_onsets = _by_class(notes.start, notes.pitch, notes.steps + 1)
    counts: Feature = ended.T @ note_onsets
    return counts


def pitch_range(tones: Tones) -> Feature:
    """Return the semitones from lowest to highest note, ``(1,)``; drums are left out."""
    pitches = tones.pitched().pitch
    return _single(float(np.ptp(pitches)) if len(pitches) else 0.0)


def mean_pitch_interval(tones: Tones) -> Feature:
    """Return the mean semitones from a note to the next, up or down, ``(1,)``; no drums."""
    return _mean(np.abs(np.diff(tones.pitched().pitch)))


def note_count(tones: Tones) -> Feature:
    """Return the number of notes, ``(1,)``."""
    return _single(len(tones))


def mean_onset_interval(tones: Tones) -> Feature:
    """Return the mean steps from a beginning to the next, ``(1,)``; 0 within a chord counts."""
    return _mean(np.diff(tones.start))


def note_length_histogram(tones: Tones) -> Feature:
    """Return the share of notes of each of ``NOTE_LENGTHS``, ``(12,)``."""
    counts = np.bincount(_length_classes(tones), minlength=_CLASSES)
    return counts / max(len(tones), 1)


def note_length_transitions(tones: Tones) -> Feature:
    """Return how often a length follows another from note to note, ``(12, 12)``."""
    classes = _length_classes(tones)
    counts = np.zeros((_CLASSES, _CLASSES))
    np.add.at(counts, (classes[:-1], classes[1:]), 1.0)
    return counts


def _single(value: float) -> Feature:
    return np.array([value], dtype=np.float64)


def _mean(values: NDArray[np.int64]) -> Feature:
    return _single(float(values.mean()) if len(values) else 0.0)


def _by_class(steps: NDArray[np.int64], pitches: NDArray[np.int64], length: int) -> Feature:
    """Return how many of these events each step has of each pitch class, ``(length, 12)``."""
    counts = np.zeros((length, _CLASSES))
    np.add.at(counts, (steps, pitches % _CLASSES), 1.0)
    return counts


def _length_classes(tones: Tones) -> NDArray[np.intp]:
    """Return the index in ``NOTE_LENGTHS`` nearest to each note, the first of those as near."""
    known = np.array(list(NOTE_LENGTHS.values()))
    # In whole numbers, so that equally near stays so: units times steps in a bar.
    distances = np.abs(known * tones.bar_steps - 96 * tones.length[:, np.newaxis])
    nearest: NDArray[np.intp] = distances.argmin(axis=1)
    return nearest
