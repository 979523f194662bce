"""How near made bars come to real ones: the distance of their feature histograms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.pianoroll import LOWEST

Histogram = NDArray[np.float64]


def bar_features(songs: Sequence[NDArray[np.int32]]) -> dict[str, Histogram]:
    """Counts what bars are made of.

    Args:
        songs: ``(bars, tracks, steps)`` compact ids each; see ``encodings.pianoroll``.

    Returns:
        For each track a histogram, summing to 1, of pitch class, interval, onset place, onset
        gap, notes in a bar, and steps that repeat the bar before; and for each track under the
        first one of the interval, in octaves' remainders, at which it sounds with the first.
    """
    found: dict[str, Histogram] = {}
    for track in range(songs[0].shape[1]):
        values = _values([song[:, track] for song in songs])
        if track:
            values.append(("together", [together(song, track) for song in songs], 12))
        for name, each, size in values:
            counts = np.bincount(np.concatenate(each), minlength=size).astype(np.float64)
            found[f"{name} {track}"] = counts / max(counts.sum(), 1.0)
    return found


def _values(lines: Sequence[NDArray[np.int32]]) -> list[tuple[str, list[NDArray[np.int64]], int]]:
    flat = [line.ravel() for line in lines]
    onsets = [np.flatnonzero(line >= 2) for line in flat]
    pitches = [line[line >= 2] for line in flat]
    return [
        ("pitch class", [each % 12 for each in pitches], 12),
        ("interval", [np.clip(np.diff(each), -12, 12) + 12 for each in pitches], 25),
        ("place", [each % 16 for each in onsets], 16),
        ("gap", [np.clip(np.diff(each), 0, 16) for each in onsets], 17),
        ("notes", [(line >= 2).sum(axis=1) for line in lines], 17),
        ("repeats", [(line[1:] == line[:-1]).sum(axis=1) for line in lines], 17),
    ]


def together(song: NDArray[np.int32], track: int) -> NDArray[np.int64]:
    """Returns the interval from a track up to the first one wherever both sound.

    Args:
        song: ``(bars, tracks, steps)`` compact ids.
        track: The lower track.

    Returns:
        Semitones modulo 12, one for each step at which both sound.
    """
    upper, lower = (sounding_ids(song[:, line].ravel()) for line in (0, track))
    both = (upper >= 2) & (lower >= 2)
    gap = upper[both] + LOWEST[0] - lower[both] - LOWEST[track]
    return (gap % 12).astype(np.int64)


def sounding_ids(line: NDArray[np.int32]) -> NDArray[np.int32]:
    """Returns the id of the note that sounds at each step, ``(steps,)``; 1 or 0 in silence.

    Args:
        line: Ids of one track, ``(steps,)``: 0 nothing changes, 1 silence begins, else a note.
    """
    changes = np.maximum.accumulate(np.where(line > 0, np.arange(len(line)), 0))
    return line[changes]


def feature_distance(one: dict[str, Histogram], other: dict[str, Histogram]) -> float:
    """Returns the mean Jensen-Shannon divergence of two sets of histograms, 0..1 bits."""
    return float(np.mean([_divergence(one[name], other[name]) for name in one]))


def _divergence(one: Histogram, other: Histogram) -> float:
    middle = (one + other) / 2
    return (_relative(one, middle) + _relative(other, middle)) / 2


def _relative(one: Histogram, middle: Histogram) -> float:
    held = one > 0
    return float(np.sum(one[held] * np.log2(one[held] / middle[held])))
