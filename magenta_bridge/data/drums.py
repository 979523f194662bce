"""Drum performances as grooves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Tune, title_of, whole_bar_meter
from magenta_bridge.data.melody import GridDataset
from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.sequences.edit import with_notes
from magenta_bridge.sequences.quantize import quantize

FEWEST_BARS: Final = 2
FEWEST_HITS: Final = 8
# A longer rest ends a stretch.
LONGEST_REST_BARS: Final = 1
_TOMS: Final = tuple(i for i, kind in enumerate(drums.CLASSES) if kind.name.endswith("tom"))
# "12_rock_100_beat_4-4": the groove MIDI data's take, style, tempo, kind and meter.
_TAKE_NAME: Final = re.compile(r"^\d+_(?P<style>[a-z0-9-]+)_(?P<tempo>\d+)_(?P<kind>beat|fill)_")
_DIGIT_LETTERS: Final = str.maketrans("0123456789", "abcdefghij")


class DrumDataset(GridDataset):
    """Drum grooves on a grid of sixteenths."""

    def __init__(self) -> None:
        super().__init__("drums", drums.EVENT_IDS, "drum grooves")

    def tunes_of(self, pieces: Iterable[Piece]) -> list[Tune]:
        """Encode the drums of all pieces, in order.

        Pieces without drums, in a meter without whole bars on the grid, or that change their
        meter, are left out, as are those under two bars or eight hits. Silence before the first
        bar and after the last is cut off; a long rest splits a piece.
        """
        return [tune for piece in pieces for tune in _tunes_of_piece(piece)]

    def augment(
        self, tune: Tune, rng: np.random.Generator, transpose: tuple[int, int]
    ) -> NDArray[np.int32]:
        """Permute the toms in half of the epochs."""
        if transpose == (0, 0) or rng.random() < 0.5:
            return tune.ids
        return _with_toms(tune.ids, [int(tom) for tom in rng.permutation(_TOMS)])


def _with_toms(ids: NDArray[np.int32], order: list[int]) -> NDArray[np.int32]:
    """Replace each tom ``n`` by ``order[n]``."""
    kept = ids & ~sum(1 << tom for tom in _TOMS)
    for tom, other in zip(_TOMS, order, strict=True):
        kept = kept | (ids >> tom & 1) << other
    return kept.astype(np.int32)


def _tunes_of_piece(piece: Piece) -> list[Tune]:
    found = whole_bar_meter(piece)
    if found is None:
        return []
    meter, bar = found
    hits = with_notes(piece.music, (note for note in piece.music.notes if note.is_drum))
    ids = drums.encode(quantize(hits, STEPS_PER_QUARTER))
    stretches = _played_stretches(ids, bar)
    return [
        Tune(f"{piece.name}#{index}", groove_title(piece), meter, stretch)
        for index, stretch in enumerate(stretches)
        if len(stretch) >= FEWEST_BARS * bar and np.count_nonzero(stretch) >= FEWEST_HITS
    ]


def _played_stretches(ids: NDArray[np.int32], bar: int) -> list[NDArray[np.int32]]:
    """Split into whole bars at rests of more than a bar, which are left out."""
    bars = -(-len(ids) // bar)
    padded = np.zeros(bars * bar, dtype=np.int32)
    padded[: len(ids)] = ids
    played = np.flatnonzero(padded.reshape(bars, bar).any(axis=1)) if bars else np.zeros(0, int)
    if not len(played):
        return []
    groups = np.split(played, np.flatnonzero(np.diff(played) > LONGEST_REST_BARS + 1) + 1)
    return [padded[group[0] * bar : (group[-1] + 1) * bar] for group in groups]


def groove_title(piece: Piece) -> str:
    """Return a title that all takes of one groove share.

    The groove MIDI dataset names a file by take, style, tempo, kind, and meter; takes by one
    drummer in one style at one tempo are near copies of each other, and in the evaluation sessions
    every drummer plays the same ten grooves. Digits become letters, since titles are compared by
    letters only. Other files keep their own title.
    """
    path = PurePosixPath(piece.name)
    found = _TAKE_NAME.match(path.name)
    if found is None:
        return title_of(piece)
    drummer = next((part for part in path.parts if part.startswith("drummer")), "")
    if "eval_session" in path.parts:
        drummer = "anyone"
    words = f"{drummer} {found['style']} {found['tempo']}"
    return words.translate(_DIGIT_LETTERS).replace("-", " ")


DATASET: Final = DrumDataset()
