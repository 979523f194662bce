"""Drum performances with their velocities and timing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Dataset, Inputs, Tune, whole_bar_meter
from magenta_bridge.data.drums import FEWEST_BARS, FEWEST_HITS, LONGEST_REST_BARS, groove_title
from magenta_bridge.encodings import groove
from magenta_bridge.encodings.drums import CLASSES
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.sequences.tempo_map import TempoMap

LONGEST_BAR_TICKS: Final = max(groove.bar_ticks(index) for index in range(len(METERS)))
_TOMS: Final = [i for i, kind in enumerate(CLASSES) if kind.name.endswith("tom")]


class GrooveDataset(Dataset):
    """Drum performances, one hit or time shift after another: the inputs of ``GrooveNetwork``."""

    def __init__(self) -> None:
        super().__init__("groove", groove.EVENT_IDS, groove.PAD, "token", "drum grooves")

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Encode the drums of all pieces, in order; the same stretches as ``DrumDataset``."""
        return [tune for piece in pieces for tune in _tunes_of_piece(piece)]

    def augment(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Permute the toms in half of the epochs."""
        if transpose == (0, 0) or rng.random() < 0.5:
            return tune.ids
        order = dict(zip(_TOMS, rng.permutation(_TOMS).tolist(), strict=True))
        hits = groove.decode(tune.ids)
        return groove.encode(
            sorted(hit._replace(kind=order.get(hit.kind, hit.kind)) for hit in hits)
        )

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Dataset.blank``."""
        past = (batch, steps, len(groove.LOOKBACK_BARS))
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "past": np.full(past, self.pad, dtype=np.int32),
            "repeats": np.zeros(past, dtype=np.uint8),
            "usage": np.zeros((batch, steps, len(CLASSES)), dtype=np.float32),
            "place": np.zeros((batch, steps), dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, ids: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Dataset.fill``."""
        meter, bar = self._meter_and_ticks(ids)
        shown = slice(first, first + steps)
        past = past_events(ids, bar)
        repeats = groove.KINDS[past[:-1]] == groove.KINDS[ids[1:], np.newaxis]
        inputs["ids"][row, :steps] = ids[shown]
        inputs["past"][row, :steps] = past[shown]
        inputs["repeats"][row, :steps] = np.pad(repeats, ((1, 0), (0, 0)))[shown]
        inputs["usage"][row, :steps] = usage(ids)[shown]
        inputs["place"][row, :steps] = meter * LONGEST_BAR_TICKS + _ticks(ids)[shown] % bar

    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int64]:
        """See ``Dataset.places``."""
        meter, bar = self._meter_and_ticks(ids)
        return (meter * LONGEST_BAR_TICKS + _ticks(ids)[:-1] % bar).astype(np.int64)

    def _meter_and_ticks(self, ids: NDArray[np.int32]) -> tuple[int, int]:
        meter = int(ids[0]) - self.event_ids
        return meter, groove.bar_ticks(meter)


def _ticks(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the tick after each of the input ids, the first of which is a start id."""
    ticks: NDArray[np.int64] = np.cumsum(np.append(0, groove.LENGTHS[ids[1:]]))
    return ticks


def past_events(ids: NDArray[np.int32], bar: int) -> NDArray[np.int32]:
    """Return what came next one, two, four, and eight bars ago, ``(len(ids), 4)``.

    After each input id it is the next hit behind the same place of an earlier bar, if it is on
    this tick, or the shift to its tick; ``PAD`` if that bar is before the piece or is not among
    the last 256 hits.

    Args:
        ids: Start id and event ids ``(events + 1,)``.
        bar: Ticks in a bar.
    """
    now = _ticks(ids)
    is_hit = ids < groove.SHIFT
    kinds = np.where(is_hit, groove.KINDS[ids], -1)
    keys = (now * groove.KEYS_PER_TICK + kinds)[is_hit]
    events = ids[is_hit]
    seen = np.cumsum(is_hit)[:, np.newaxis]
    then = now[:, np.newaxis] - bar * np.asarray(groove.LOOKBACK_BARS)
    places = np.searchsorted(keys, then * groove.KEYS_PER_TICK + kinds[:, np.newaxis], side="right")
    known = (then >= 0) & (places < seen)
    known &= (seen < groove.REMEMBERED_HITS) | (places > seen - groove.REMEMBERED_HITS)
    found = np.where(known, places, 0)
    if not len(keys):
        return np.full(then.shape, groove.PAD, dtype=np.int32)
    gaps = keys[found] // groove.KEYS_PER_TICK - then
    shifts = groove.SHIFT - 1 + np.minimum(gaps, groove.LONGEST_SHIFT)
    return np.where(known, np.where(gaps > 0, shifts, events[found]), groove.PAD).astype(np.int32)


def usage(ids: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the share of each kind of drum among the last 256 hits, ``(len(ids), 9)``.

    After each input id; zeros before the first hit.
    """
    struck = groove.KINDS[ids][:, np.newaxis] == np.arange(len(CLASSES))
    totals = np.concatenate([np.zeros((1, len(CLASSES)), int), struck.cumsum(axis=0)])
    counted = totals.sum(axis=1)
    first = np.searchsorted(counted, counted[1:] - groove.REMEMBERED_HITS, side="right") - 1
    recent = totals[1:] - totals[np.maximum(first, 0)]
    shares: NDArray[np.float32] = recent / np.maximum(recent.sum(axis=1, keepdims=True), 1)
    return shares.astype(np.float32)


def _tunes_of_piece(piece: Piece) -> list[Tune]:
    found = whole_bar_meter(piece)
    if found is None:
        return []
    meter, bar = found[0], groove.bar_ticks(found[0])
    onsets = TempoMap(piece.music).quarters([note.start_time for note in piece.music.notes])
    hits = groove.hits_of(piece.music, onsets)
    tunes = []
    for index, stretch in enumerate(_played_stretches(hits, bar)):
        bars = stretch[-1].tick // bar - stretch[0].tick // bar + 1
        if bars >= FEWEST_BARS and len({hit.tick for hit in stretch}) >= FEWEST_HITS:
            ids = groove.encode(groove.moved(stretch, -(stretch[0].tick // bar * bar)))
            tunes.append(Tune(f"{piece.name}#{index}", groove_title(piece), meter, ids))
    return tunes


def _played_stretches(hits: list[groove.Hit], bar: int) -> list[list[groove.Hit]]:
    """Split at rests of more than a bar."""
    stretches: list[list[groove.Hit]] = [[]]
    for before, hit in itertools.pairwise([*hits[:1], *hits]):
        if hit.tick // bar - before.tick // bar > LONGEST_REST_BARS + 1:
            stretches.append([])
        stretches[-1].append(hit)
    return [stretch for stretch in stretches if stretch]


DATASET: Final = GrooveDataset()
