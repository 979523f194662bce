"""How sure a likelihood is, and whether one model's differs from another's.

Intervals are bootstrap intervals over pieces, by percentiles (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, chapter 13), of micro-averages: the sum of all nats over the
sum of all that was predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import InvalidArgumentError

RESAMPLINGS: Final = 2000
SEED: Final = 7


@dataclass(frozen=True)
class Interval:
    """A figure and where it lies.

    Attributes:
        mean: The figure of the pieces at hand.
        low: Lower end.
        high: Upper end.
    """

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference is one that other pieces would show as well."""
        return self.low > 0.0 or self.high < 0.0


def micro_interval(
    nats: NDArray[np.floating],
    counts: NDArray[np.integer],
    *,
    share: float = 0.95,
    seed: int = SEED,
) -> Interval:
    """Return a micro-average with its bootstrap interval.

    Args:
        nats: Sum of each piece, ``(pieces,)``.
        counts: What was predicted of each piece (frames, steps or notes), ``(pieces,)``, 1 or more.
        share: Of resamplings that lie within, 0..1.
        seed: Of the resampling.

    Raises:
        InvalidArgumentError: There is no piece, one has nothing in it, or lengths differ.
    """
    if not len(counts) or len(nats) != len(counts) or int(counts.min()) < 1:
        raise InvalidArgumentError(
            f"An interval needs one sum and one count, 1 or more, for each of one or more pieces; "
            f"got {len(nats)} sums and {len(counts)} counts.",
            field="counts",
        )
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(nats), (RESAMPLINGS, len(nats)))
    means = nats[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1.0 - share) / 2.0, (1.0 + share) / 2.0])
    return Interval(float(nats.sum() / counts.sum()), float(low), float(high))


def paired_difference(
    nats_a: NDArray[np.floating],
    nats_b: NDArray[np.floating],
    counts: NDArray[np.integer],
    seed: int = SEED,
) -> Interval:
    """Return how many nats more model A asks for than model B, with its bootstrap interval.

    Both are scored on the same pieces and resampled together, so that what makes a piece hard for
    both drops out. Below 0, A predicts better.

    Args:
        nats_a: Sum of each piece under A, ``(pieces,)``.
        nats_b: The same under B.
        counts: What was predicted of each piece, ``(pieces,)``, 1 or more.
        seed: Of the resampling.

    Raises:
        InvalidArgumentError: There is no piece, one has nothing in it, or lengths differ.
    """
    if len(nats_a) != len(nats_b):
        raise InvalidArgumentError(
            f"Models are compared on the same pieces; one was scored on {len(nats_a)}, the other "
            f"on {len(nats_b)}.",
            field="nats_b",
        )
    return micro_interval(nats_a - nats_b, counts, seed=seed)
