"""Expressive performances as streams of tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Dataset, Inputs, Tune, random_shift
from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance import (
    pitches_of,
    scale_time,
    sounding_after,
    transpose_ids,
)
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.pedal import sounding_ends

_FEWEST_NOTES: Final = 24
_SLOWEST, _FASTEST = 0.9, 1.1
_PIANO_KEYS: Final = (21, 108)
# The movement in "sonata_2", "chpn-p15", "alb_esp4", "op10_e01".
_MOVEMENT: Final = re.compile(r"[ _-]*(?:(?<=[ _-])[a-z])?\d+$", re.IGNORECASE)
# Godowsky's transcriptions are named after their originals.
_TRANSCRIPTION: Final = re.compile(r"^god_")
_DIGIT_LETTERS: Final = str.maketrans("0123456789_-", "abcdefghij  ")


class PerformanceDataset(Dataset):
    """Expressive playing, one token after another: the inputs of ``StreamNetwork``."""

    def __init__(self) -> None:
        super().__init__(
            "performance", performance.EVENT_IDS, performance.PAD, "token", "performances"
        )

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Encode all pieces as they were played, in order, from their first note on.

        All instruments except drums count as one; the sustain pedal lengthens the notes. Pieces
        under 24 notes are left out.
        """
        found = [(piece, _ids(piece.music)) for piece in pieces]
        return [
            Tune(f"{piece.name}#0", work_title(piece), 0, ids)
            for piece, ids in found
            if len(pitches_of(ids)) >= _FEWEST_NOTES
        ]

    def start_id(self, tune: Tune) -> int:  # noqa: ARG002 - music without bars
        """See ``Dataset.start_id``."""
        return performance.START

    def augment(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Transpose within the piano's keys, and scale the time by 0.9 to 1.1.

        A piece that exceeds the keys keeps its key.
        """
        if transpose == (0, 0):
            return tune.ids
        semitones = random_shift(pitches_of(tune.ids), rng, transpose, _PIANO_KEYS)
        factor = float(rng.uniform(_SLOWEST, _FASTEST))
        return scale_time(transpose_ids(tune.ids, semitones), factor)

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Dataset.blank``."""
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "sounding": np.zeros((batch, performance.PITCHES), dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, ids: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Dataset.fill``."""
        inputs["ids"][row, :steps] = ids[first : first + steps]
        inputs["sounding"][row] = sounding_after(ids[:first])

    def places(self, ids: NDArray[np.int32]) -> None:
        """Return None: without a grid, nothing is known in advance."""


def _ids(music: NoteSequence) -> NDArray[np.int32]:
    sounding = NoteSequence()
    for note, end in zip(music.notes, sounding_ends(music), strict=True):
        if not note.is_drum:
            sounding.notes.add().CopyFrom(note)
            sounding.notes[-1].end_time = end
    begin = min((note.start_time for note in sounding.notes), default=0.0)
    return performance.encode(sounding, start=begin)


def work_title(piece: Piece) -> str:
    """Return a title that the movements of one work share; empty for files named by a number.

    It is the file's name without its final number, which counts the movements in collections such
    as piano-midi.de ("mz_331_2" belongs to "mz_331"); an opus of single pieces ("chpn_op10_e12")
    counts as one work, and a transcription ("god_...") as its original. Digits become letters,
    since titles are compared by letters only.
    """
    stem = _TRANSCRIPTION.sub("", PurePosixPath(piece.name).stem)
    return _MOVEMENT.sub("", stem).translate(_DIGIT_LETTERS).strip()


DATASET: Final = PerformanceDataset()
