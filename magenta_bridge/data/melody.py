"""Melodies, and what they share with all music on a grid of one event per step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import (
    LONGEST_BAR,
    Dataset,
    Inputs,
    Tune,
    random_shift,
    title_of,
    whole_bar_meter,
)
from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.downbeats import Stretch, regular_stretches
from magenta_bridge.sequences.edit import with_notes
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize

# A note shorter than a third of a sixteenth is an ornament, too short for the grid.
_ORNAMENT_QUARTERS = 1.0 / 12.0
_FEWEST_BARS = 4
_FEWEST_NOTES = 12
_LONGEST_BARS: Final = 16
_SHORTEST_BARS: Final = 4
_SECTION_BARS: Final = 8


def _tunes_of_piece(piece: Piece) -> list[Tune]:
    found = whole_bar_meter(piece)
    if found is None:
        return []
    meter, bar = found
    line = melody_line(quantize(_without_ornaments(piece.music), STEPS_PER_QUARTER))
    stretches = regular_stretches(line, bar)
    tunes = [
        _tune(f"{piece.name}#{index}", title_of(piece), meter, _ids(line, stretch, bar))
        for index, stretch in enumerate(stretches)
    ]
    return [
        tune
        for tune in tunes
        if len(tune.ids) >= _FEWEST_BARS * bar and len(tune.pitches) >= _FEWEST_NOTES
    ]


def _without_ornaments(music: NoteSequence) -> NoteSequence:
    """Drop grace notes; the notes that they delayed then round to the beat."""
    qpm = music.tempos[0].qpm if music.tempos else 120.0
    shortest = _ORNAMENT_QUARTERS * 60.0 / qpm
    return with_notes(music, (n for n in music.notes if n.end_time - n.start_time >= shortest))


def _ids(line: NoteSequence, stretch: Stretch, bar: int) -> NDArray[np.int32]:
    first = max(stretch.first_step, 0)
    upbeat = np.full(first - stretch.first_step, melody.NO_EVENT + melody.EVENT_OFFSET, np.int32)
    ids = melody.encode(line, start_step=first, end_step=stretch.end_step)
    return without_literal_repeats(np.concatenate([upbeat, ids]), bar)


def _tune(name: str, title: str, meter: int, ids: NDArray[np.int32]) -> Tune:
    notes = ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    return Tune(name, title, meter, ids, notes.astype(np.int32))


def without_literal_repeats(ids: NDArray[np.int32], bar_steps: int) -> NDArray[np.int32]:
    """Drop the first playing of every section that is repeated at once.

    Dance tunes are written with repeat signs; a model trained on the repeats learns to continue a
    primer with a copy of it. Varied repeats and repeated phrases stay. A section of eight bars or
    more may differ in its last bar (first and second ending), a shorter one in half of it.

    Args:
        ids: Event ids ``(steps,)`` from a bar line on.
        bar_steps: Steps in a bar.

    Returns:
        The remaining ids, from a bar line on.
    """
    for bars in range(_LONGEST_BARS, _SHORTEST_BARS - 1, -1):
        lag = bars * bar_steps
        tolerated = bar_steps if bars >= _SECTION_BARS else bar_steps // 2
        start = _repeat_start(ids, lag, lag - tolerated)
        while start is not None:
            ids = np.concatenate([ids[: start - lag], ids[start:]])
            start = _repeat_start(ids, lag, lag - tolerated)
    return ids


def _repeat_start(ids: NDArray[np.int32], lag: int, length: int) -> int | None:
    """Return the first step from which ``length`` steps equal those ``lag`` steps before."""
    differs = np.flatnonzero(ids[lag:] != ids[:-lag]) if len(ids) > lag else np.array([], int)
    if len(ids) - lag < length:
        return None
    edges = np.concatenate([[-1], differs, [len(ids) - lag]])
    runs = np.diff(edges) - 1
    long_enough = np.flatnonzero(runs >= length)
    return int(edges[long_enough[0]]) + 1 + lag if len(long_enough) else None


HISTORY_STEPS: Final = 8 * LONGEST_BAR


class GridDataset(Dataset):
    """Music on a grid: the inputs of ``models.grid.GridNetwork``."""

    def __init__(self, encoding: str, event_ids: int, noun: str) -> None:
        super().__init__(encoding, event_ids, event_ids + len(METERS), "sixteenth step", noun)

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Dataset.blank``."""
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "history": np.full((batch, HISTORY_STEPS), self.pad, dtype=np.int32),
            "meter": np.zeros(batch, dtype=np.int32),
            "position": np.zeros(batch, dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, ids: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Dataset.fill``."""
        before = ids[max(first - HISTORY_STEPS, 0) : first]
        inputs["history"][row, HISTORY_STEPS - len(before) :] = before
        inputs["ids"][row, :steps] = ids[first : first + steps]
        meter, bar = self._meter_and_bar(ids)
        inputs["meter"][row] = meter
        inputs["position"][row] = first % bar

    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int64]:
        """See ``Dataset.places``."""
        return self._grid_places(ids, np.arange(len(ids) - 1))


class MelodyDataset(GridDataset):
    """Single-line melodies."""

    def __init__(self) -> None:
        super().__init__("melody", melody.EVENT_IDS, "melodies")

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Extract the melodies of all pieces, in order.

        Pieces in a meter without whole bars on the grid, or that change their meter, are left
        out, as are stretches under four bars or twelve notes.
        """
        return [tune for piece in pieces for tune in _tunes_of_piece(piece)]

    def augment(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Transpose the tune as far as its pitches stay within 0..127."""
        return melody.transpose_ids(tune.ids, random_shift(tune.pitches, rng, transpose))


DATASET: Final = MelodyDataset()
