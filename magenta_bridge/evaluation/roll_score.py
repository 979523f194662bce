"""How well a model foretells piano rolls, by the protocol of the published tables.

For a piece of frames 1 to T, all 88 pitches of frames 2 to T are foretold, each frame behind all
real frames before it; the figure is the sum of all nats over the sum of all foretold frames (a
micro-average). Nothing is padded, so nothing but foretold frames is in the denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.roll import Roll

_RESAMPLINGS: Final = 2000
_SEED: Final = 7


class RollModel(Protocol):
    """A model of piano rolls."""

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """Returns minus the log likelihood of each frame but the first, ``(frames - 1,)``."""


@dataclass(frozen=True, eq=False)
class RollScore:
    """Scores of a set of pieces.

    Attributes:
        nats: Sum of each piece, ``(pieces,)``.
        frames: Foretold frames of each piece, ``(pieces,)``.
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

        By percentiles (Efron and Tibshirani 1993, chapter 13), of 2,000 resamplings with a fixed
        seed.

        Args:
            share: Of resamplings that lie within, 0..1.
        """
        rng = np.random.default_rng(_SEED)
        drawn = rng.integers(0, len(self.nats), (_RESAMPLINGS, len(self.nats)))
        means = self.nats[drawn].sum(axis=1) / self.frames[drawn].sum(axis=1)
        low, high = np.quantile(means, [(1.0 - share) / 2.0, (1.0 + share) / 2.0])
        return float(low), float(high)


def score_rolls(model: RollModel, rolls: Sequence[Roll]) -> RollScore:
    """Scores pieces; those of one frame foretell nothing and are left out."""
    found = [model.nats(roll) for roll in rolls if len(roll) > 1]
    return RollScore(
        nats=np.array([each.sum() for each in found]),
        frames=np.array([len(each) for each in found], dtype=np.int64),
    )
