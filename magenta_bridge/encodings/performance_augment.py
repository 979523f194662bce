"""What a performance holds, and the same in another key or at another tempo, on its ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.performance import (
    NOTE_OFF,
    PITCHES,
    TIME_SHIFT,
    VELOCITY,
    times_of,
    with_shifts,
)


def pitches_of(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns the pitches that begin, in order, ``(notes,)``."""
    return ids[ids < NOTE_OFF]


def sounding_after(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns 1 for each pitch that has begun and not ended, else 0, ``(128,)``."""
    noted = np.bincount(ids[ids < TIME_SHIFT], minlength=TIME_SHIFT)
    counts: NDArray[np.int32] = (noted[:NOTE_OFF] - noted[NOTE_OFF:]).astype(np.int32)
    return counts


def transpose_ids(ids: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
    """Moves all pitches by ``semitones``; all other ids stay.

    Raises:
        ValueError: A pitch would leave 0..127.
    """
    noted = ids < TIME_SHIFT
    moved = ids[noted] % PITCHES + semitones
    if len(moved) and (moved.min() < 0 or moved.max() >= PITCHES):
        raise ValueError(f"transposing by {semitones} semitones leaves the 128 pitches")
    return np.where(noted, ids + semitones, ids).astype(np.int32)


def scale_time(ids: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
    """Makes a performance ``factor`` times as long, rounded to the grid.

    What was apart stays apart by a step at least, so that no note is lost. Silence behind the
    last event is cut off.

    Args:
        ids: Event ids as ``encode`` writes them, ``(events,)``.
        factor: Above 0.
    """
    events = (ids < TIME_SHIFT) | (ids >= VELOCITY)
    instants, places = np.unique(times_of(ids)[events], return_inverse=True)
    order = np.arange(len(instants))
    scaled = np.floor(instants * factor + 0.5).astype(np.int64) - order
    apart = np.maximum.accumulate(scaled) + order if len(instants) else scaled
    return with_shifts(apart[places], ids[events])
