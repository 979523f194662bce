"""The pitches that a generator may choose, and the octave shift into its model's range."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.errors import InvalidArgumentError

# Semitones: a bass goes below a melody, and less goes above it.
_BELOW, _ABOVE = 36, 24


def allowed_pitches(lowest: int, highest: int, root: int, intervals: str) -> NDArray[np.bool_]:
    """Return which of the 128 MIDI pitches are allowed, ``(128,)``.

    Args:
        lowest: Lowest pitch, 0..127.
        highest: Highest pitch, 0..127.
        root: Pitch class of the scale's root, 0 (C) to 11 (B).
        intervals: Semitones above the root, e.g. ``0,2,4,5,7,9,11``, as Live's
            ``scale_intervals``; empty for no scale.

    Raises:
        InvalidArgumentError: The scale is not readable, or no pitch is left.
    """
    pitches = np.arange(128)
    allowed = (pitches >= lowest) & (pitches <= highest)
    classes = _pitch_classes(root, intervals)
    if classes is not None:
        allowed &= np.isin(pitches % 12, classes)
    if not allowed.any():
        raise InvalidArgumentError(
            f"There is no pitch between {lowest} and {highest} in the scale "
            f"{intervals or 'of all notes'} on {root}; widen the range or the scale.",
            field="options.args[max_pitch]",
        )
    return allowed


def _pitch_classes(root: int, intervals: str) -> list[int] | None:
    if not intervals.strip():
        return None
    try:
        steps = [int(part) for part in intervals.replace(",", " ").split()]
    except ValueError:
        steps = []
    if not steps or not all(0 <= step <= 11 for step in steps):
        raise InvalidArgumentError(
            f"Write a scale as semitones above its root, 0 to 11, like 0,2,4,5,7,9,11; "
            f"got {intervals[:60]!r}.",
            field="options.args[scale_intervals]",
        )
    return [(root + step) % 12 for step in steps]


def near_primer(allowed: NDArray[np.bool_], primer: Sequence[int]) -> NDArray[np.bool_]:
    """Return the allowed pitches in a primer's register, ``(128,)``.

    That is from three octaves below its lowest pitch to two octaves above its highest one.

    All of them without a primer, or where none is so near.
    """
    if not primer:
        return allowed
    pitches = np.arange(128)
    near: NDArray[np.bool_] = allowed & (
        (pitches >= min(primer) - _BELOW) & (pitches <= max(primer) + _ABOVE)
    )
    return near if near.any() else allowed


def octave_shift(
    wanted: Sequence[int], trained: tuple[int, int], allowed: NDArray[np.bool_]
) -> int:
    """Return the transposition by octaves that brings pitches into a model's range.

    Args:
        wanted: Pitches of the primer, or all allowed ones without a primer.
        trained: Lowest and highest pitch in the model's training data.
        allowed: Pitches that may be chosen, ``(128,)``; at least one.

    Returns:
        Semitones to add before the model and to subtract after it: the smallest shift with the
        fewest pitches out of range, among those that leave an allowed pitch.
    """
    low, high = trained
    shifts = np.array(sorted(range(-60, 61, 12), key=abs))
    choosable = np.flatnonzero(allowed) + shifts[:, np.newaxis]
    shifts = shifts[((choosable >= 0) & (choosable <= 127)).any(axis=1)]
    shifted = np.asarray(wanted, dtype=np.int64) + shifts[:, np.newaxis]
    outside = ((shifted < low) | (shifted > high)).sum(axis=1)
    return int(shifts[int(np.argmin(outside))])


def event_mask(allowed: NDArray[np.bool_], shift: int) -> NDArray[np.bool_]:
    """Return the mask over event ids ``(EVENT_IDS,)`` for pitches shifted by ``shift``."""
    mask = np.ones(melody.EVENT_IDS, dtype=np.bool_)
    shifted = np.zeros(128, dtype=np.bool_)
    sources = np.arange(128) - shift
    inside = (sources >= 0) & (sources <= 127)
    shifted[inside] = allowed[sources[inside]]
    mask[melody.EVENT_OFFSET :] = shifted
    return mask
