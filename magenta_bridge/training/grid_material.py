"""Melodies, and what they share with all music on a grid of one event a step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.training.corpus import Piece
from magenta_bridge.training.material import Inputs
from magenta_bridge.training.melodies import melodies_of
from magenta_bridge.training.tunes import Tune

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
        """Returns a number for meter and place in the bar of each step, ``(steps,)``."""
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
