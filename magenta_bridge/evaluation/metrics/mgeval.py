"""How alike two sets of pieces are, feature by feature.

After Yang and Lerch, "On the evaluation of generative models in music" (Neural Computing and
Applications, 2020): the distances of pieces within one set and those from one set to the other are
each smoothed to a density, and the two densities compared. Two sets made alike are as far from
each other as each is from itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from scipy.spatial.distance import cdist
from scipy.stats import gaussian_kde

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.evaluation.metrics import mgeval_features as of
from magenta_bridge.evaluation.metrics.mgeval_features import Feature
from magenta_bridge.evaluation.metrics.note_array import Tones

Distances: TypeAlias = NDArray[np.float64]

FEATURES: Final[Mapping[str, Callable[[Tones], Feature]]] = {
    "pitch_count": of.pitch_count,
    "pitch_class_histogram": of.pitch_class_histogram,
    "pitch_class_transitions": of.pitch_class_transitions,
    "pitch_range": of.pitch_range,
    "mean_pitch_interval": of.mean_pitch_interval,
    "note_count": of.note_count,
    "mean_onset_interval": of.mean_onset_interval,
    "note_length_histogram": of.note_length_histogram,
    "note_length_transitions": of.note_length_transitions,
}
"""All features, by name."""

# A Gaussian sampled so closely is integrated to rounding; far outliers must not cost hours.
_POINTS_PER_DEVIATION: Final = 5
_MOST_POINTS: Final = 4000
# Behind this many standard deviations a Gaussian has no area worth counting.
_TAILS: Final = 6.0
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class SetDistance:
    """How alike two sets are in one feature.

    Attributes:
        overlap: Area that both densities share, 0 (nothing) to 1 (the same).
        kl: Kullback-Leibler divergence in nats, 0 (the same) up; infinite where one of the
            densities is a single value and the other is not, or is another one.
    """

    overlap: float
    kl: float


def compare_sets(one: Sequence[Tones], other: Sequence[Tones]) -> dict[str, SetDistance]:
    """Compare two sets of pieces in each feature.

    Args:
        one: The pieces that are the measure, such as human ones; two or more.
        other: The pieces to be judged; one or more.

    Returns:
        Distances by the names of ``FEATURES``.

    Raises:
        InvalidArgumentError: There are too few pieces.
    """
    if len(one) < 2 or not len(other):
        raise InvalidArgumentError(
            f"Comparing sets takes two pieces or more as the measure and one to judge; got "
            f"{len(one)} and {len(other)}."
        )
    found = {}
    for name, feature in FEATURES.items():
        measure, judged = (
            np.stack([feature(tones).ravel() for tones in pieces]) for pieces in (one, other)
        )
        found[name] = set_distance(intra_distances(measure), inter_distances(measure, judged))
    return found


def intra_distances(features: Feature) -> Distances:
    """Return the Euclidean distances of each piece from every other one of its set.

    Leaving one out at a time, so that each pair counts from both sides.

    Args:
        features: ``(pieces, size)``.

    Returns:
        ``(pieces * (pieces - 1),)``.
    """
    apart = cdist(features, features)
    others: Distances = apart[~np.eye(len(features), dtype=np.bool_)]
    return others


def inter_distances(one: Feature, other: Feature) -> Distances:
    """Return the Euclidean distances of each piece of one set from each of another.

    Args:
        one: ``(a, size)``.
        other: ``(b, size)``.

    Returns:
        ``(a * b,)``.
    """
    apart: Distances = cdist(one, other).ravel()
    return apart


def set_distance(within: Distances, between: Distances) -> SetDistance:
    """Compare two samples of distances by their densities.

    Densities are Gaussian ones with Scott's bandwidth, and areas are taken over all numbers;
    mgeval stops at the outermost distances, and takes the divergence at points that differ
    between the two. A sample of one value repeated has no density. Two such ones are the same
    (overlap 1, divergence 0) where the value is; otherwise, and against any density, they share
    nothing (overlap 0, divergence infinite).

    Args:
        within: Distances within the set that is the measure, one or more.
        between: Distances between the two sets, one or more.
    """
    narrow = [_is_constant(sample) for sample in (within, between)]
    if all(narrow) and _is_constant(np.append(within, between)):
        return SetDistance(overlap=1.0, kl=0.0)
    if any(narrow):
        return SetDistance(overlap=0.0, kl=math.inf)
    densities = [gaussian_kde(sample) for sample in (within, between)]
    points = np.unique(np.concatenate([_grid(density) for density in densities]))
    first, second = (density.logpdf(points) for density in densities)
    overlap = float(trapezoid(np.exp(np.minimum(first, second)), points))
    held = np.exp(first)
    # Where the first has no density the second's, even if it rounds to none, does not matter.
    gap = np.subtract(first, second, out=np.zeros_like(first), where=held > 0.0)
    kl = float(trapezoid(held * gap, points))
    return SetDistance(overlap=min(max(overlap, 0.0), 1.0), kl=max(kl, 0.0))


def _is_constant(sample: Distances) -> bool:
    return bool(np.ptp(sample) <= _ROUNDING * max(1.0, float(np.abs(sample).max())))


def _grid(density: gaussian_kde) -> Distances:
    """Return points that cover a density closely enough to integrate it."""
    sample = density.dataset[0]
    deviation = math.sqrt(float(density.covariance[0, 0]))
    low, high = (
        float(end) + side * _TAILS * deviation
        for end, side in ((sample.min(), -1), (sample.max(), 1))
    )
    count = math.ceil((high - low) / deviation * _POINTS_PER_DEVIATION)
    return np.linspace(low, high, min(count, _MOST_POINTS))
