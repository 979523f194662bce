"""Windows of piano rolls as batches, drawn reproducibly for each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from magenta_bridge.data.windows import EpochSampler
from magenta_bridge.pianoroll_benchmark.inputs import Fed, feed
from magenta_bridge.pianoroll_benchmark.roll import Roll, transpose


class RollSampler(EpochSampler):
    """Batches of rolls; a window is a roll with one frame more than it predicts.

    Args:
        rolls: The pieces.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
        options: See ``EpochSampler``.
    """

    def __init__(self, rolls: Sequence[Roll], output: str, **options: Any) -> None:
        super().__init__([roll for roll in rolls if len(roll) > 1], **options)
        self.output = output

    def _split(self, piece: Roll, rng: np.random.Generator) -> list[Roll]:
        low, high = self.transpose
        moved = transpose(piece, int(rng.integers(low, high + 1)))
        return [moved[begin : end + 1] for begin, end in self._cuts(len(piece) - 1, rng)]

    def _stack(self, windows: Sequence[Roll]) -> Fed:
        return feed(windows, self.output, rows=self.batch, steps=self.window_steps)
