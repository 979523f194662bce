"""How well a model predicts piano rolls, by the protocol of the published tables.

For a piece of frames 1 to T, all 88 pitches of frames 2 to T are predicted, each frame behind all
real frames before it; the figure is the sum of all nats over the sum of all predicted frames (a
micro-average). Nothing is padded, so nothing but predicted frames is in the denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.metrics.bootstrap import micro_interval
from magenta_bridge.pianoroll_benchmark.roll import Roll


class RollModel(Protocol):
    """A model of piano rolls."""

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """Returns minus the log likelihood of each frame but the first, ``(frames - 1,)``."""


@dataclass(frozen=True, eq=False)
class RollScore:
    """Scores of a set of pieces.

    Attributes:
        nats: Sum of each piece, ``(pieces,)``.
        frames: Predicted frames of each piece, ``(pieces,)``.
    """

    nats: NDArray[np.float64]
    frames: NDArray[np.int64]

    @property
    def nats_per_frame(self) -> float:
        """The micro-average."""
        return float(self.nats.sum() / max(int(self.frames.sum()), 1))

    def of(self, pieces: NDArray[np.int64]) -> RollScore:
        """Returns the scores of some pieces alone, by their indices."""
        return RollScore(self.nats[pieces], self.frames[pieces])

    def interval(self, share: float = 0.95) -> tuple[float, float]:
        """Returns the bootstrap interval of the micro-average, over pieces.

        See ``micro_interval``.

        Args:
            share: Of resamplings that lie within, 0..1.
        """
        found = micro_interval(self.nats, self.frames, share=share)
        return found.low, found.high


def score_rolls(model: RollModel, rolls: Sequence[Roll]) -> RollScore:
    """Scores pieces; those of one frame predict nothing and are left out."""
    found = [model.nats(roll) for roll in rolls if len(roll) > 1]
    return RollScore(
        nats=np.array([each.sum() for each in found]),
        frames=np.array([len(each) for each in found], dtype=np.int64),
    )
