"""Melodies, and what they share with all music on a grid of one event a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Inputs
from magenta_bridge.data.deduplicate import without_literal_repeats
from magenta_bridge.data.example import Tune, title_of
from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.downbeats import Stretch, regular_stretches
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.quantize import quantize

# Shorter than a third of a sixteenth is an ornament, which the grid cannot hold.
_ORNAMENT_QUARTERS = 1.0 / 12.0
_FEWEST_BARS = 4
_FEWEST_NOTES = 12


def melodies_of(pieces: Iterable[Piece]) -> list[Tune]:
    """Extracts the melodies of all pieces, in order.

    Pieces in a meter without whole bars on the grid, or that change their meter, are left out,
    as are stretches under four bars or twelve notes.
    """
    return [tune for piece in pieces for tune in _tunes_of_piece(piece)]


def _tunes_of_piece(piece: Piece) -> list[Tune]:
    written = {(mark.numerator, mark.denominator) for mark in piece.music.time_signatures}
    if len(written) > 1:
        return []
    signature = written.pop() if written else (4, 4)
    bar = melody.bar_steps(*signature)
    meter = melody.closest_meter(*signature)
    if bar != melody.bar_steps(*melody.METERS[meter]):
        return []
    line = melody_line(quantize(_without_ornaments(piece.music), melody.STEPS_PER_QUARTER))
    stretches = regular_stretches(line, int(bar))
    tunes = [
        _tune(f"{piece.name}#{index}", title_of(piece), meter, _ids(line, stretch, int(bar)))
        for index, stretch in enumerate(stretches)
    ]
    return [
        tune
        for tune in tunes
        if len(tune.ids) >= _FEWEST_BARS * bar and len(tune.pitches) >= _FEWEST_NOTES
    ]


def _without_ornaments(music: NoteSequence) -> NoteSequence:
    """Drops grace notes; what they delayed then rounds back onto the beat."""
    qpm = music.tempos[0].qpm if music.tempos else 120.0
    shortest = _ORNAMENT_QUARTERS * 60.0 / qpm
    plain = NoteSequence()
    plain.CopyFrom(music)
    del plain.notes[:]
    plain.notes.extend(n for n in music.notes if n.end_time - n.start_time >= shortest)
    return plain


def _ids(line: NoteSequence, stretch: Stretch, bar: int) -> NDArray[np.int32]:
    first = max(stretch.first_step, 0)
    upbeat = np.full(
        first - stretch.first_step, melody.NO_EVENT + melody.EVENT_OFFSET, dtype=np.int32
    )
    ids = melody.encode(line, start_step=first, end_step=stretch.end_step)
    return without_literal_repeats(np.concatenate([upbeat, ids]), bar)


def _tune(name: str, title: str, meter: int, ids: NDArray[np.int32]) -> Tune:
    notes = ids[ids >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    return Tune(name, title, meter, ids, notes.astype(np.int32))


LOOKBACK_BARS: Final = 8
HISTORY_STEPS: Final = LOOKBACK_BARS * max(int(bar_steps(*meter)) for meter in METERS)
_LONGEST_BAR: Final = 64


class GridMaterial:
    """Music on a grid; see ``Material``.

    Args:
        encoding: Name of the encoding.
        event_ids: Ids a network chooses among; the start ids of the meters follow, then ``PAD``.
        noun: What the tunes are called.
    """

    unit = "sixteenth step"

    def __init__(self, encoding: str, event_ids: int, noun: str) -> None:
        self.encoding = encoding
        self.event_ids = event_ids
        self.pad = event_ids + len(METERS)
        self.noun = noun

    def start_id(self, tune: Tune) -> int:
        """See ``Material.start_id``."""
        return self.event_ids + tune.meter

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Material.blank``; the inputs are those of ``models.grid.GridNetwork``."""
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "history": np.full((batch, HISTORY_STEPS), self.pad, dtype=np.int32),
            "meter": np.zeros(batch, dtype=np.int32),
            "position": np.zeros(batch, dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, fed: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Material.fill``."""
        before = fed[max(first - HISTORY_STEPS, 0) : first]
        inputs["history"][row, HISTORY_STEPS - len(before) :] = before
        inputs["ids"][row, :steps] = fed[first : first + steps]
        inputs["meter"][row] = self._meter(fed)
        inputs["position"][row] = first % self._bar(fed)

    def places(self, fed: NDArray[np.int32]) -> NDArray[np.int64]:
        """Returns a number for meter and position in the bar of each step, ``(steps,)``."""
        return self._meter(fed) * _LONGEST_BAR + np.arange(len(fed) - 1) % self._bar(fed)

    def _meter(self, fed: NDArray[np.int32]) -> int:
        return int(fed[0]) - self.event_ids

    def _bar(self, fed: NDArray[np.int32]) -> int:
        return int(bar_steps(*METERS[self._meter(fed)]))


class MelodyMaterial(GridMaterial):
    """Single-line melodies."""

    def __init__(self) -> None:
        super().__init__("melody", melody.EVENT_IDS, "melodies")

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """See ``training.melodies``."""
        return melodies_of(pieces)

    def varied(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Transposes the tune, as far as its pitches stay within 0..127."""
        semitones = int(rng.integers(transpose[0], transpose[1] + 1))
        if not len(tune.pitches):
            return tune.ids
        lowest, highest = int(tune.pitches.min()), int(tune.pitches.max())
        return melody.transpose_ids(tune.ids, int(np.clip(semitones, -lowest, 127 - highest)))
