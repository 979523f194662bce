"""Drum performances as ids: which drum is struck, how loudly, how early or late, and when.

The grid has twelve ticks a quarter, of which sixteenths are every third and triplets every second
or fourth. In each quarter hits are on sixteenths, or on triplets where those are clearly nearer; a
hit names its kind of drum, its velocity, and its offset from there in thirds of a tick, which are
1/36 of a quarter. Time shifts of 1 to 24 ticks separate the hits. A performance has one encoding:
at one tick, hits by ascending kind, each kind once; all shifts of a gap except the last are of 24
ticks. A START id per meter begins a piece and ``PAD`` fills before it; models never produce either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.drums import CLASSES, class_of
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

TICKS_PER_QUARTER: Final = 12
TICKS_PER_STEP: Final = TICKS_PER_QUARTER // STEPS_PER_QUARTER
LONGEST_SHIFT: Final = 24
VELOCITY_BINS: Final = 8
OFFSETS: Final = 9
"""Offsets from a tick, in thirds of a tick: -4 to 4."""
OFFSETS_PER_TICK: Final = 3
LOOKBACK_BARS: Final = (1, 2, 4, 8)
"""A network sees what came next so many bars ago."""
REMEMBERED_HITS: Final = 256
"""It looks for that among so many hits."""
KEYS_PER_TICK: Final = 16
"""A hit's tick times this, plus its kind, is in the order of hits."""

_BIN_WIDTH: Final = 17
_SOFTEST: Final = 5
_EARLIEST: Final = OFFSETS // 2
_TRIPLET_TICKS: Final = 2
# Triplets are clearly nearer if the mean square of the offsets is by so much smaller.
_CLEARLY: Final = 0.35
_IDS_PER_KIND: Final = VELOCITY_BINS * OFFSETS

SHIFT: Final[int] = len(CLASSES) * _IDS_PER_KIND
EVENT_IDS: Final[int] = SHIFT + LONGEST_SHIFT
PAD: Final = EVENT_IDS + len(METERS)
INPUT_IDS: Final = PAD + 1
NO_KIND: Final = len(CLASSES) + LONGEST_SHIFT
"""Kind of an id that is no event; see ``KINDS``."""

_EVENTS: Final = np.arange(EVENT_IDS)
KINDS: Final[NDArray[np.int32]] = np.full(INPUT_IDS, NO_KIND, dtype=np.int32)
"""Kind of each input id: its drum, or 9 and more for each length of a shift, ``(INPUT_IDS,)``."""
KINDS[:EVENT_IDS] = np.where(
    _EVENTS < SHIFT, _EVENTS // _IDS_PER_KIND, _EVENTS - SHIFT + len(CLASSES)
)
LENGTHS: Final[NDArray[np.int32]] = np.maximum(_EVENTS - SHIFT + 1, 0).astype(np.int32)
"""Ticks by which each event advances, ``(EVENT_IDS,)``."""


class Hit(NamedTuple):
    """One stroke: tick, index in ``CLASSES``, velocity 1..127, offset -4..4 thirds of a tick."""

    tick: int
    kind: int
    velocity: int
    offset: int


def start_id(meter_index: int) -> int:
    """Return the id that begins a piece in ``METERS[meter_index]``."""
    return EVENT_IDS + meter_index


def bar_ticks(meter_index: int) -> int:
    """Return the ticks in a bar of ``METERS[meter_index]``."""
    return int(bar_steps(*METERS[meter_index])) * TICKS_PER_STEP


def hit_id(hit: Hit) -> int:
    """Return the event id of a hit, whose tick is not part of it."""
    return hit.kind * _IDS_PER_KIND + _bin_of(hit.velocity) * OFFSETS + hit.offset + _EARLIEST


def _bin_of(velocity: int) -> int:
    return min(max(velocity, 0), 127) // _BIN_WIDTH


def velocities(velocity: int) -> tuple[int, int]:
    """Return the lowest and highest velocity, 1..127, that the bin of a velocity stands for.

    Drum kits send no stroke below 5 and 127 for every hard one: nearly all of the loudest bin is
    127.
    """
    index = _bin_of(velocity)
    if index == VELOCITY_BINS - 1:
        return 127, 127
    return max(index * _BIN_WIDTH, _SOFTEST), index * _BIN_WIDTH + _BIN_WIDTH - 1


def hits_of(sequence: NoteSequence, quarters: NDArray[np.float64]) -> list[Hit]:
    """Return the drums of a sequence in the order of the encoding.

    Of two hits of one kind on a tick, the louder counts.

    Args:
        sequence: Notes without ``is_drum``, and pitches outside ``CLASSES``, are ignored.
        quarters: When each note begins, in quarters from tick 0, ``(notes,)``; earlier notes are
            ignored, except those whose nearest tick is 0.
    """
    found: dict[tuple[int, int], Hit] = {}
    kinds = [class_of(note.pitch) if note.is_drum else None for note in sequence.notes]
    known = np.array([kind is not None for kind in kinds], dtype=np.bool_)
    ticks, offsets = _placed(quarters * TICKS_PER_QUARTER, known)
    for note, kind, tick, offset in zip(sequence.notes, kinds, ticks, offsets, strict=True):
        if kind is not None and tick >= 0:
            hit = Hit(int(tick), kind, note.velocity, int(offset))
            found[hit.tick, kind] = max(hit, found.get((hit.tick, kind), hit))
    return [found[key] for key in sorted(found)]


def _placed(
    exact: NDArray[np.float64], known: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the tick and the offset of each note.

    Args:
        exact: When it begins, in ticks, ``(notes,)``.
        known: Whether it is one of the drums that choose the grid of their quarter, ``(notes,)``.
    """
    sixteenths, triplets = (
        np.floor(exact / ticks + 0.5) * ticks for ticks in (TICKS_PER_STEP, _TRIPLET_TICKS)
    )
    begins = sixteenths // TICKS_PER_QUARTER * TICKS_PER_QUARTER
    _, quarter = np.unique(begins, return_inverse=True)
    triplets = np.maximum(triplets, begins)  # an early beat is no triplet before it
    errors = [
        np.bincount(quarter, known * (exact - places) ** 2) for places in (sixteenths, triplets)
    ]
    is_triplet = (errors[1] < _CLEARLY * errors[0])[quarter]
    ticks = np.where(is_triplet, triplets, sixteenths)
    offsets = np.floor((exact - ticks) * OFFSETS_PER_TICK + 0.5)
    return ticks.astype(np.int64), np.clip(offsets, -_EARLIEST, _EARLIEST).astype(np.int64)


def moved(hits: Iterable[Hit], ticks: int) -> list[Hit]:
    """Return hits moved in time; those that would be before tick 0 are on it, and early."""
    found: dict[tuple[int, int], Hit] = {}
    for hit in hits:
        tick = hit.tick + ticks
        placed = hit._replace(tick=tick) if tick >= 0 else hit._replace(tick=0, offset=-_EARLIEST)
        found.setdefault((placed.tick, placed.kind), placed)
    return [found[key] for key in sorted(found)]


def encode(hits: Iterable[Hit], *, end_tick: int | None = None) -> NDArray[np.int32]:
    """Write hits as ids.

    Args:
        hits: In the order of ``hits_of``, from tick 0 on.
        end_tick: Where a last shift leads to; without it the ids end with the last hit.

    Returns:
        Ids ``(events,)`` in ``0..EVENT_IDS - 1``.
    """
    ids: list[int] = []
    now = 0
    for hit in hits:
        ids += _shifts(hit.tick - now)
        ids.append(hit_id(hit))
        now = hit.tick
    if end_tick is not None:
        ids += _shifts(end_tick - now)
    return np.array(ids, dtype=np.int32)


def _shifts(ticks: int) -> list[int]:
    whole, rest = divmod(ticks, LONGEST_SHIFT)
    return [EVENT_IDS - 1] * whole + [SHIFT + rest - 1] * (rest > 0)


def decode(ids: Sequence[int] | NDArray[np.integer], *, tick: int = 0) -> list[Hit]:
    """Read ids back as hits; the inverse of ``encode`` up to the width of the velocity bins.

    Args:
        ids: Event ids ``(events,)`` in ``0..EVENT_IDS - 1``.
        tick: Tick of the first event.

    Raises:
        InvalidSequenceError: An id is not an event.
    """
    hits = []
    for place, raw in enumerate(ids):
        value = int(raw)
        if not 0 <= value < EVENT_IDS:
            raise InvalidSequenceError(f"{value} at event {place} is not a groove event id.")
        if value < SHIFT:
            kind, rest = divmod(value, _IDS_PER_KIND)
            index, offset = divmod(rest, OFFSETS)
            softest, loudest = velocities(index * _BIN_WIDTH)
            hits.append(Hit(tick, kind, (softest + loudest + 1) // 2, offset - _EARLIEST))
        else:
            tick += value - SHIFT + 1
    return hits
