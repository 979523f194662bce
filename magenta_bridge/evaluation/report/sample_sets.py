"""The sets of human music that a report holds samples against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from magenta_bridge.evaluation.features.base import FeatureSet
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.evaluation.metrics.note_array import tones_of
from magenta_bridge.evaluation.metrics.originality import Corpus
from magenta_bridge.evaluation.report.music_metrics import (
    MusicFigures,
    excerpt_tones,
    measure_music,
)
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import cut

_SEED: Final = 7
_PARTS: Final = (1, 2, 4, 8)
# So many of the held-out pieces should be as long as what is looked at.
_MOST: Final = 0.8
_ENOUGH: Final = 50


class MusicSets:
    """Human music, measured once.

    Args:
        features: How music of the encoding is looked at.
        held_out: Held-out pieces.
        others: Other human pieces, which stand for what people come to.
        learned: The training side, in which runs are looked for.
        most: Most excerpts of each set; of more, so many are drawn.

    Where most of the held-out pieces are shorter than samples are, shorter beginnings of all
    are looked at: figures grow with length, so that all must be of one.

    Attributes:
        length: How much of each piece is looked at, in words.
        held_out: Figures of the held-out pieces, ``near`` to themselves left empty.
        human: Figures of the others.
    """

    def __init__(
        self,
        features: FeatureSet,
        *,
        held_out: Sequence[Piece],
        others: Sequence[Piece],
        learned: Sequence[Piece],
        most: int,
    ) -> None:
        self._corpus = Corpus(tones_of(features.whole(piece)) for piece in learned)
        self._part = _part_for(features, held_out)
        self.length = features.length_of(self._part)
        goal = _some(features.excerpts(held_out, self._part), most)
        self._goal = [excerpt_tones(each) for each in goal]
        self.held_out = measure_music(goal, [], self._corpus)
        human = _some(features.excerpts(others, self._part), most)
        self.human = measure_music(human, self._goal, None)

    def measure(self, music: Iterable[NoteSequence]) -> MusicFigures:
        """Measure a model's samples, which are as long as ``FeatureSet.drawn`` makes them."""
        shortened = [cut(each, 0.0, each.total_time / self._part) for each in music]
        return measure_music(shortened, self._goal, self._corpus)


def _part_for(features: FeatureSet, pieces: Sequence[Piece]) -> int:
    """Return 1, or the part of a sample's length that most of the pieces last."""
    for part in _PARTS[:-1]:
        if len(features.excerpts(pieces, part)) >= min(len(pieces) * _MOST, _ENOUGH):
            return part
    return _PARTS[-1]


def _some(music: Sequence[NoteSequence], most: int) -> list[NoteSequence]:
    """Return all, or so many drawn without putting back, in their order."""
    if len(music) <= most:
        return list(music)
    chosen = np.random.default_rng(_SEED).choice(len(music), most, replace=False)
    return [music[index] for index in sorted(chosen.tolist())]
