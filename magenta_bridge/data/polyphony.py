"""Pieces in several voices as a model can learn from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Inputs
from magenta_bridge.data.example import Tune, title_of
from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps, closest_meter
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.sequences.tempo_map import TempoMap

_FEWEST_BARS: Final = 4
_MOST_BARS: Final = 64
_FEWEST_NOTES: Final = 12
# A piece in triplets or thirty-seconds becomes another one on a grid of sixteenths.
_OFF_GRID_STEPS: Final = 0.05
_MOST_OFF_GRID: Final = 0.03
_LONGEST_BAR: Final = 64


class PolyphonyMaterial:
    """Music in several voices on a grid of sixteenths; see ``Material``."""

    encoding = "polyphony"
    event_ids = polyphony.EVENT_IDS
    pad = polyphony.PAD
    unit = "token"
    noun = "pieces in voices"

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Prepares all pitched notes of all pieces, in order, in whole bars.

        Pieces that change their meter but for an upbeat, in a meter without whole bars on the
        grid, or with more than one note in thirty off the grid, are left out. Pieces over 64
        bars are cut into stretches; stretches under four bars or twelve notes are left out.
        """
        return [tune for piece in pieces for tune in _tunes_of_piece(piece)]

    def start_id(self, tune: Tune) -> int:
        """See ``Material.start_id``."""
        return polyphony.start_id(tune.meter)

    def varied(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Transposes the tune, as far as its pitches stay within 0..127."""
        semitones = int(rng.integers(transpose[0], transpose[1] + 1))
        pitches = (tune.ids[tune.ids != polyphony.END] - polyphony.NEW) % polyphony.PITCHES
        if not len(pitches):
            return tune.ids
        lowest, highest = int(pitches.min()), int(pitches.max())
        return polyphony.transpose_ids(tune.ids, int(np.clip(semitones, -lowest, 127 - highest)))

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Material.blank``; the inputs are those of ``models.frames.FrameNetwork``."""
        frames = (batch, steps, polyphony.PITCHES)
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "before": np.zeros(frames, dtype=np.uint8),
            "ago": np.zeros(frames, dtype=np.uint8),
            "place": np.zeros((batch, steps), dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, fed: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Material.fill``."""
        meter, bar = _meter_and_bar(fed)
        # A silent bar before the first stands for what is not there.
        frames = np.concatenate(
            [np.zeros((bar, polyphony.PITCHES), dtype=np.uint8), polyphony.frames_of(fed[1:])]
        )
        inputs["ids"][row, :steps] = fed[first : first + steps]
        frame = frame_numbers(fed)[first : first + steps]
        inputs["before"][row, :steps] = frames[frame + bar - 1]
        inputs["ago"][row, :steps] = frames[frame]
        longest = max(int(bar_steps(*each)) for each in METERS)
        inputs["place"][row, :steps] = meter * longest + frame % bar

    def places(self, fed: NDArray[np.int32]) -> NDArray[np.int64]:
        """Returns a number for meter and position in the bar of each token, ``(tokens,)``."""
        meter, bar = _meter_and_bar(fed)
        return meter * _LONGEST_BAR + frame_numbers(fed)[: len(fed) - 1] % bar


def frame_numbers(fed: NDArray[np.int32]) -> NDArray[np.int64]:
    """Returns the frame of the id that follows each id, counted from 0, ``(len(fed),)``."""
    numbers: NDArray[np.int64] = np.cumsum(fed == polyphony.END, dtype=np.int64)
    return numbers


def _meter_and_bar(fed: NDArray[np.int32]) -> tuple[int, int]:
    meter = int(fed[0]) - polyphony.EVENT_IDS
    return meter, int(bar_steps(*METERS[meter]))


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
    """Returns the meter's index and where a bar begins, in quarters; None for more than one."""
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
    """Returns the share of pitched notes that do not begin on a sixteenth."""
    onsets = [note.start_time for note in music.notes if not note.is_drum]
    if not onsets:
        return 0.0
    steps = (TempoMap(music).quarters(onsets) - origin) * STEPS_PER_QUARTER
    return float(np.mean(np.abs(steps - np.round(steps)) > _OFF_GRID_STEPS))


def _cut(frames: NDArray[np.uint8], begin: int, end: int) -> NDArray[np.uint8]:
    """Returns a stretch in which what sounds already begins."""
    stretch: NDArray[np.uint8] = frames[begin:end].copy()
    stretch[:1][stretch[:1] > 0] = polyphony.BEGINS
    return stretch


def _played(frames: NDArray[np.uint8], bar: int) -> NDArray[np.uint8]:
    """Returns whole bars without the silent ones at either end."""
    heard = np.flatnonzero(frames.any(axis=1))
    first, last = (int(heard[0]), int(heard[-1])) if len(heard) else (0, -bar)
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
