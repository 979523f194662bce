"""Nine features of a piece, and how alike two sets of pieces are in each.

After Yang and Lerch, "On the evaluation of generative models in music" (Neural Computing and
Applications, 2020), sections 4.1 and 4.2, and its tool mgeval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.measures.tones import Tones

Feature: TypeAlias = NDArray[np.float64]

FEATURES: Final[Mapping[str, Callable[[Tones], Feature]]] = {}


@dataclass(frozen=True)
class SetDistance:
    """How alike two sets are in one feature.

    Attributes:
        overlap: Area that both densities share, 0 (nothing) to 1 (the same).
        kl: Kullback-Leibler divergence in nats, 0 (the same) up.
    """

    overlap: float
    kl: float


def intra_distances(features: Feature) -> NDArray[np.float64]:
    """Returns the distances of each piece from every other one of its set.

    Args:
        features: ``(pieces, size)``.

    Returns:
        ``(pieces * (pieces - 1),)``.
    """
    raise NotImplementedError


def inter_distances(one: Feature, other: Feature) -> NDArray[np.float64]:
    """Returns the distances of each piece of one set from each of another, ``(a * b,)``."""
    raise NotImplementedError


def compare_sets(one: Sequence[Tones], other: Sequence[Tones]) -> dict[str, SetDistance]:
    """Compares two sets of pieces in each feature.

    Args:
        one: The pieces that are the measure, such as human ones; two or more.
        other: The pieces to be judged; one or more.

    Returns:
        Distances by the names of ``FEATURES``.
    """
    raise NotImplementedError
