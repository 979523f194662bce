"""Bars of one or two monophonic tracks, one choice per step.

A bar has ``STEPS`` sixteenths. Each step of a track is 0 (nothing changes), 1 (the sounding note
ends), or ``2 + pitch - lowest`` (a note begins), so that its piano roll is binary and monophonic.
Bars of twelve steps leave the last four at 0. Music is transposed to the white keys first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import METERS

STEPS: Final = 16
PITCHES: Final = 40
EVENT_IDS: Final = PITCHES + melody.EVENT_OFFSET
# Fills the bars before the music begins.
PAD: Final = EVENT_IDS
# Lowest pitch of the leading track and of the bass.
LOWEST: Final = (53, 31)
HISTORY_BARS: Final = 8
# Steps of a bar that count, for each kind of meter; see ``meter_kind``.
BAR_STEPS: Final = (STEPS, 12, 12)
METER_KINDS: Final = len(BAR_STEPS)
Song: TypeAlias = tuple[int, NDArray[np.int32]]
"""Kind of meter, and the ids of its bars, ``(bars, tracks, STEPS)``."""

_WHITE: Final = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], dtype=np.float64)


def meter_kind(meter: int) -> tuple[int, int]:
    """Return the kind of ``METERS[meter]``, and the steps in its bars.

    Bars of two quarters or three eighths are paired; long bars are split.
    """
    numerator, denominator = METERS[meter]
    kind = 1 if denominator == 8 else 2 if numerator % 3 == 0 else 0
    return kind, BAR_STEPS[kind]


def white_shift(*lines: NDArray[np.int32]) -> int:
    """Return the transposition, -6..5, that puts most note onsets on white keys.

    Args:
        lines: Melody event ids of each track.

    Returns:
        Semitones to add; 0 without notes. The smallest of equally good transpositions.
    """
    ids = np.concatenate(lines)
    classes = np.bincount((ids[ids >= 2] - 2) % 12, minlength=12).astype(np.float64)
    moves = sorted(range(-6, 6), key=abs)
    fits = [float(np.roll(classes, move) @ _WHITE) for move in moves]
    return moves[int(np.argmax(fits))]


def to_bars(lines: tuple[NDArray[np.int32], ...], bar: int, *, shift: int = 0) -> NDArray[np.int32]:
    """Return melody event ids as bars, with silence at the end of the last one.

    Args:
        lines: Ids ``(steps,)`` of each track, from a bar line on.
        bar: Steps in a bar, up to ``STEPS``.
        shift: Semitones to add; pitches outside a track's range are then moved by octaves.

    Returns:
        ``(bars, tracks, STEPS)`` ids in ``0..EVENT_IDS - 1``.
    """
    steps = max(len(line) for line in lines)
    count = -(-steps // bar)
    bars = np.zeros((count, len(lines), STEPS), dtype=np.int32)
    for track, line in enumerate(lines):
        whole = np.zeros(count * bar, dtype=np.int32)
        whole[: len(line)] = _compact(line, LOWEST[track], shift)
        bars[:, track, :bar] = whole.reshape(count, bar)
    return bars


def from_bar(ids: NDArray[np.integer], track: int, *, shift: int = 0) -> NDArray[np.int32]:
    """Return one track's ids ``(steps,)`` as melody event ids, ``shift`` semitones lower."""
    pitches = ids - 2 + LOWEST[track] - shift
    return np.where(ids >= 2, np.clip(pitches, 0, 127) + 2, ids).astype(np.int32)


def _compact(line: NDArray[np.int32], lowest: int, shift: int) -> NDArray[np.int32]:
    pitches = line - 2 + shift
    pitches = np.where(pitches < lowest, lowest + (pitches - lowest) % 12, pitches)
    above = lowest + PITCHES - 12 + (pitches - (lowest + PITCHES - 12)) % 12
    pitches = np.where(pitches >= lowest + PITCHES, above, pitches)
    return np.where(line >= 2, pitches - lowest + 2, line).astype(np.int32)


Histogram = NDArray[np.float64]


def bar_features(songs: Sequence[NDArray[np.int32]]) -> dict[str, Histogram]:
    """Return feature histograms of songs, each ``(bars, tracks, steps)`` ids.

    For each track: pitch class, interval, onset place, onset gap, notes per bar, and steps that
    repeat the last bar; for each lower track also its intervals, modulo 12, with the first track.
    Each histogram sums to 1.
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
    """Return the interval from a track up to the first one, at each step where both sound.

    Args:
        song: ``(bars, tracks, steps)`` ids.
        track: The lower track.

    Returns:
        Semitones modulo 12.
    """
    upper, lower = (sounding_ids(song[:, line].ravel()) for line in (0, track))
    both = (upper >= 2) & (lower >= 2)
    gap = upper[both] + LOWEST[0] - lower[both] - LOWEST[track]
    return (gap % 12).astype(np.int64)


def sounding_ids(line: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the id of the sounding note at each step of a track, ``(steps,)``; 1 or 0 if none."""
    changes = np.maximum.accumulate(np.where(line > 0, np.arange(len(line)), 0))
    return line[changes]


def feature_distance(one: dict[str, Histogram], other: dict[str, Histogram]) -> float:
    """Return the mean Jensen-Shannon divergence of two sets of histograms, 0..1 bits."""
    return float(np.mean([_divergence(one[name], other[name]) for name in one]))


def _divergence(one: Histogram, other: Histogram) -> float:
    middle = (one + other) / 2
    return (_relative(one, middle) + _relative(other, middle)) / 2


def _relative(one: Histogram, middle: Histogram) -> float:
    held = one > 0
    return float(np.sum(one[held] * np.log2(one[held] / middle[held])))
