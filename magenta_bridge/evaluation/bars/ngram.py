"""An n-gram over bars: the baseline of adversarial generators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import Song
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.evaluation.ngram import NGram

# Room for every place in a bar of two tracks.
_PLACES: Final = 64


class BarNGram(NGram):
    """An n-gram over the steps of bars, tracks in turn, conditioned on the position in the bar.

    Args:
        order: Maximum context, in ids.
        tracks: Number of tracks.
    """

    def __init__(self, order: int, tracks: int) -> None:
        super().__init__(pianoroll.EVENT_IDS, order, self._place_of)
        self._tracks = tracks

    def draw(self, kind: int, bars: int, rng: np.random.Generator) -> NDArray[np.int32]:
        """Draw a song step by step from nothing.

        Args:
            kind: Kind of meter.
            bars: Bars in the song.
            rng: Draws.

        Returns:
            ``(bars, tracks, STEPS)``; it begins with a note of the first track.
        """
        bar = pianoroll.BAR_STEPS[kind]
        ids = [pianoroll.EVENT_IDS + kind]
        places = self._place_of(np.array(ids * (bars * bar * self._tracks + 1)))
        for place in places.tolist():
            mixed = np.full(self.event_ids, 1.0 / self.event_ids)
            for length in range(min(self.order, len(ids)) + 1):
                self._mix(mixed, (place, *ids[len(ids) - length :]))
            if len(ids) == 1:
                mixed[:2] = 0.0
            ids.append(int(rng.choice(self.event_ids, p=mixed / mixed.sum())))
        song = np.zeros((bars, self._tracks, pianoroll.STEPS), dtype=np.int32)
        song[:, :, :bar] = np.array(ids[1:]).reshape(bars, bar, self._tracks).transpose(0, 2, 1)
        return song

    def _place_of(self, piece: Piece) -> NDArray[np.int64]:
        kind = int(piece[0]) - pianoroll.EVENT_IDS
        steps = np.arange(len(piece) - 1) % (pianoroll.BAR_STEPS[kind] * self._tracks)
        return (kind * _PLACES + steps).astype(np.int64)


def as_pieces(songs: Sequence[Song]) -> list[Piece]:
    """Write songs as the n-gram reads them: a start id, then all steps, tracks in turn."""
    return [
        np.concatenate(
            [
                [pianoroll.EVENT_IDS + kind],
                bars[:, :, : pianoroll.BAR_STEPS[kind]].transpose(0, 2, 1).ravel(),
            ]
        ).astype(np.int32)
        for kind, bars in songs
    ]
