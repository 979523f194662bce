"""Expressive performances as streams of tokens a model can learn from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Inputs
from magenta_bridge.data.example import Tune
from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance_augment import (
    pitches_of,
    scale_time,
    sounding_after,
    transpose_ids,
)
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.pedal import sounding_ends

_FEWEST_NOTES: Final = 24
_SLOWEST, _FASTEST = 0.9, 1.1
# The keys of a piano.
_LOWEST, _HIGHEST = 21, 108
# "sonata_2", "chpn-p15", "alb_esp4", "op10_e01": what tells the movements of a work apart.
_MOVEMENT: Final = re.compile(r"[ _-]*(?:(?<=[ _-])[a-z])?\d+$", re.IGNORECASE)
# Godowsky's transcriptions are named after their originals.
_TRANSCRIPTION: Final = re.compile(r"^god_")
_DIGIT_LETTERS: Final = str.maketrans("0123456789_-", "abcdefghij  ")


class PerformanceMaterial:
    """Expressive playing, one token after another; see ``Material``."""

    encoding = "performance"
    event_ids: int = performance.EVENT_IDS
    pad: int = performance.PAD
    unit = "token"
    noun = "performances"

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Prepares all pieces as they were played, in order, from their first note on.

        All instruments but drums count as one; the sustain pedal is written out into the
        lengths of notes. Pieces under 24 notes are left out.
        """
        found = [(piece, _ids(piece.music)) for piece in pieces]
        return [
            Tune(f"{piece.name}#0", work_title(piece), 0, ids)
            for piece, ids in found
            if len(pitches_of(ids)) >= _FEWEST_NOTES
        ]

    def start_id(self, tune: Tune) -> int:
        """See ``Material.start_id``."""
        del tune
        return performance.START

    def varied(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Transposes a performance within the piano's keys and plays it 0.9 to 1.1 times as long.

        A piece that goes beyond the keys stays in its own.
        """
        if transpose == (0, 0):
            return tune.ids
        semitones = int(rng.integers(transpose[0], transpose[1] + 1))
        factor = float(rng.uniform(_SLOWEST, _FASTEST))
        pitches = pitches_of(tune.ids)
        down = min(_LOWEST - int(pitches.min()), 0)
        up = max(_HIGHEST - int(pitches.max()), 0)
        moved = transpose_ids(tune.ids, int(np.clip(semitones, down, up)))
        return scale_time(moved, factor)

    def blank(self, batch: int, steps: int) -> Inputs:
        """See ``Material.blank``; the inputs are those of ``models.stream.StreamNetwork``."""
        return {
            "ids": np.full((batch, steps), self.pad, dtype=np.int32),
            "sounding": np.zeros((batch, performance.PITCHES), dtype=np.int32),
        }

    def fill(
        self, inputs: Inputs, row: int, fed: NDArray[np.int32], first: int, steps: int
    ) -> None:
        """See ``Material.fill``."""
        inputs["ids"][row, :steps] = fed[first : first + steps]
        inputs["sounding"][row] = sounding_after(fed[:first])

    def places(self, fed: NDArray[np.int32]) -> None:
        """Returns None: nothing is known beforehand of a token without a grid."""
        del fed


def _ids(music: NoteSequence) -> NDArray[np.int32]:
    heard = NoteSequence()
    for note, end in zip(music.notes, sounding_ends(music), strict=True):
        if not note.is_drum:
            heard.notes.add().CopyFrom(note)
            heard.notes[-1].end_time = end
    begin = min((note.start_time for note in heard.notes), default=0.0)
    return performance.encode(heard, start=begin)


def work_title(piece: Piece) -> str:
    """Returns a title that the movements of one work share, for telling families apart.

    It is the file's name without the number at its end, which counts the movements in
    collections such as piano-midi.de ("mz_331_2" is of "mz_331"); an opus of single pieces
    ("chpn_op10_e12") counts as one work too, and a transcription ("god_...") with its original.
    Digits become letters, since the comparison of titles reads letters only. Files that are
    numbered alone have no title.
    """
    stem = _TRANSCRIPTION.sub("", PurePosixPath(piece.name).stem)
    return _MOVEMENT.sub("", stem).translate(_DIGIT_LETTERS).strip()
