"""Pieces in several voices as frames."""

from __future__ import annotations

import itertools
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
)
from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps, closest_meter
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.sequences.tempo_map import TempoMap

_FEWEST_BARS: Final = 4
_MOST_BARS: Final = 64
_FEWEST_NOTES: Final = 12
# A grid of sixteenths distorts a piece in triplets or thirty-seconds.
_OFF_GRID_STEPS: Final = 0.05
_MOST_OFF_GRID: Final = 0.03


class PolyphonyDataset(Dataset):
    """Music in several voices on a grid of sixteenths: the inputs of ``FrameNetwork``."""

    def __init__(self) -> None:
        super().__init__(
            "polyphony", polyphony.EVENT_IDS, polyphony.PAD, "token", "pieces in voices"
        )

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Encode all pitched notes of all pieces, in order, in whole bars.

        Pieces that change their meter except for an upbeat, in a meter without whole bars on the
        grid, or with more than one note in thirty off the grid, are left out. Pieces over 64
        bars are cut into stretches; stretches under four bars or twelve notes are left out.
        """
        return [tune for piece in pieces for tune in _tunes_of_piece(piece)]

    def augment(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Transpose the tune as far as its pitches stay within 0..127."""
        pitches = (tune.ids[tune.ids != polyphony.END] - polyphony.NEW) % polyphony.PITCHES
        return polyphony.transpose_ids(tune.ids, random_shift(pitches, rng, transpose))

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Dataset.blank``."""
        frames = (batch, steps, polyphony.PITCHES)
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "before": np.zeros(frames, dtype=np.uint8),
            "ago": np.zeros(frames, dtype=np.uint8),
            "place": np.zeros((batch, steps), dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, ids: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Dataset.fill``."""
        meter, bar = self._meter_and_bar(ids)
        silence = np.zeros((bar, polyphony.PITCHES), dtype=np.uint8)
        frames = np.concatenate([silence, polyphony.frames_of(ids[1:])])
        inputs["ids"][row, :steps] = ids[first : first + steps]
        frame = frame_numbers(ids)[first : first + steps]
        inputs["before"][row, :steps] = frames[frame + bar - 1]
        inputs["ago"][row, :steps] = frames[frame]
        inputs["place"][row, :steps] = meter * LONGEST_BAR + frame % bar

    def places(self, ids: NDArray[np.int32]) -> NDArray[np.int64]:
        """See ``Dataset.places``."""
        return self._grid_places(ids, frame_numbers(ids)[: len(ids) - 1])


def frame_numbers(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the frame of the id after each id, counted from 0, ``(len(ids),)``."""
    numbers: NDArray[np.int64] = np.cumsum(ids == polyphony.END, dtype=np.int64)
    return numbers


def _tunes_of_piece(piece: Piece) -> list[Tune]:
    ruled = _one_meter(piece.music)
    if ruled is None or _off_grid(piece.music, ruled[1]) > _MOST_OFF_GRID:
        return []
    meter, origin = ruled
    bar = int(bar_steps(*METERS[meter]))
    grid = quantize(piece.music, STEPS_PER_QUARTER, origin_quarters=origin)
    frames = polyphony.frames_of(
        polyphony.encode(grid, end_step=-(-grid.total_quantized_steps // bar) * bar)
    )
    count = -(-len(frames) // (_MOST_BARS * bar)) or 1
    edges = [round(len(frames) // bar * index / count) * bar for index in range(count + 1)]
    stretches = [_played(_cut(frames, begin, end), bar) for begin, end in itertools.pairwise(edges)]
    return [
        _tune(piece, index, meter, stretch)
        for index, stretch in enumerate(stretches)
        if len(stretch) >= _FEWEST_BARS * bar
        and np.count_nonzero(stretch == polyphony.BEGINS) >= _FEWEST_NOTES
    ]


def _one_meter(music: NoteSequence) -> tuple[int, float] | None:
    """Return the meter's index and where a bar begins, in quarters; None for more than one."""
    marks = sorted(music.time_signatures, key=lambda mark: mark.time)
    written = [(mark.numerator, mark.denominator) for mark in marks] or [(4, 4)]
    origin = 0.0
    if len(written) > 1:
        upbeat, whole = (bar_steps(*each) / STEPS_PER_QUARTER for each in written[:2])
        begins = float(TempoMap(music).quarters(marks[1].time))
        if upbeat < whole and abs(begins - upbeat) < _OFF_GRID_STEPS / STEPS_PER_QUARTER:
            origin, written = begins - whole, written[1:]
    meter = closest_meter(*written[0])
    if len(set(written)) > 1 or bar_steps(*METERS[meter]) != bar_steps(*written[0]):
        return None
    return meter, origin


def _off_grid(music: NoteSequence, origin: float) -> float:
    """Return the share of pitched notes that do not begin on a sixteenth."""
    onsets = [note.start_time for note in music.notes if not note.is_drum]
    if not onsets:
        return 0.0
    steps = (TempoMap(music).quarters(onsets) - origin) * STEPS_PER_QUARTER
    return float(np.mean(np.abs(steps - np.round(steps)) > _OFF_GRID_STEPS))


def _cut(frames: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.uint8]:
    """Return a stretch at whose start the sounding pitches begin."""
    stretch: NDArray[np.uint8] = frames[begin:end].copy()
    stretch[:1][stretch[:1] > 0] = polyphony.BEGINS
    return stretch


def _played(frames: NDArray[np.uint8], bar: int) -> NDArray[np.uint8]:
    """Return whole bars without the silent ones at either end."""
    sounding = np.flatnonzero(frames.any(axis=1))
    first, last = (int(sounding[0]), int(sounding[-1])) if len(sounding) else (0, -bar)
    return frames[first // bar * bar : (last // bar + 1) * bar]


def _tune(piece: Piece, index: int, meter: int, frames: NDArray[np.uint8]) -> Tune:
    top = np.where(frames.any(axis=1), 127 - np.argmax(frames[:, ::-1] > 0, axis=1), 0)
    begins = frames[np.arange(len(frames)), top] == polyphony.BEGINS
    return Tune(
        name=f"{piece.name}#{index}",
        title=title_of(piece),
        meter=meter,
        ids=polyphony.ids_of(frames),
        pitches=top[begins].astype(np.int32),
    )


DATASET: Final = PolyphonyDataset()
