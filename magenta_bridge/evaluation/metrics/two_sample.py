"""A classifier two-sample test: how well a small classifier tells two sets of pieces apart.

After Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests" (ICLR 2017). The classifier is
gradient boosting with trees of depth two on the logistic loss (Friedman, "Greedy Function
Approximation", 2001), cross-validated, so that every piece is scored by trees that were not grown
on it. The measure is the area under its ROC curve: 0.5 where the sets cannot be distinguished, 1
where they always can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FOLDS: Final = 5
_TREES: Final = 100
_RATE: Final = 0.1
_BINS: Final = 16
_FEWEST_IN_LEAF: Final = 5.0
# Keeps a leaf of equal labels finite.
_RIDGE: Final = 1.0

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """One of two sets.

    Attributes:
        features: Features of each piece, ``(pieces, features)``; nan where a piece has none.
        groups: Pieces of one group, such as parts of one work, are in one fold; ``(pieces,)``.
    """

    features: _Floats
    groups: Sequence[int]


def two_sample_auc(first: Sample, second: Sample, *, seed: int = 0) -> float:
    """Return the AUC of the classifier, 0..1; sampling makes it fall below 0.5 too.

    Args:
        first: One set.
        second: The other, with the same features.
        seed: Seed of the folds.

    Raises:
        ValueError: A set has fewer groups than there are folds.
    """
    sets = (first, second)
    if any(len(set(each.groups)) < FOLDS for each in sets):
        raise ValueError(f"each set needs {FOLDS} groups or more")
    rng = np.random.default_rng(seed)
    folds = np.concatenate([_folds(each.groups, rng) for each in sets])
    labels = np.repeat([1.0, 0.0], [len(each.groups) for each in sets])
    bins = _binned(np.concatenate([each.features for each in sets]))
    scores = np.zeros(len(labels))
    for fold in range(FOLDS):
        held_out = folds == fold
        scores[held_out] = _ranks(_boost(bins[~held_out], labels[~held_out], bins[held_out]))
    return area_under_curve(scores[labels > 0], scores[labels == 0])


def area_under_curve(positive: _Floats, negative: _Floats) -> float:
    """Return the share of pairs in which the positive score is the higher; ties count half."""
    ranked = np.sort(negative)
    below = np.searchsorted(ranked, positive, side="left")
    not_above = np.searchsorted(ranked, positive, side="right")
    return float((below + not_above).mean() / (2 * len(negative)))


def _folds(groups: Sequence[int], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of each row; rows of one group are in one fold."""
    names, index = np.unique(groups, return_inverse=True)
    return (rng.permutation(len(names)) % FOLDS)[index]


def _ranks(scores: _Floats) -> _Floats:
    """Return scores as ranks in 0..1, comparable between folds."""
    ranked = np.sort(scores)
    low, high = (np.searchsorted(ranked, scores, side=side) for side in ("left", "right"))
    return (low + high) / (2.0 * len(scores))


def _binned(features: _Floats) -> NDArray[np.int64]:
    """Return the quantile bin of each value, ``(pieces, features)``; nan is the last bin."""
    columns = []
    for column in features.T:
        known = column[np.isfinite(column)]
        edges = (
            np.unique(np.quantile(known, np.arange(1, _BINS - 1) / (_BINS - 1)))
            if len(known)
            else np.zeros(0)
        )
        columns.append(
            np.where(np.isfinite(column), np.searchsorted(edges, column, side="left"), _BINS - 1)
        )
    return np.stack(columns, axis=1).astype(np.int64)


def _boost(bins: NDArray[np.int64], labels: _Floats, others: NDArray[np.int64]) -> _Floats:
    """Grow trees on labeled rows, and return the scores of other rows."""
    score = np.zeros(len(labels))
    # Both sets weigh the same, however many pieces they have.
    weights = np.where(labels > 0, 0.5 / labels.mean(), 0.5 / (1.0 - labels.mean()))
    found = np.zeros(len(others))
    for _ in range(_TREES):
        chance = 1.0 / (1.0 + np.exp(-score))
        slope, bend = weights * (labels - chance), weights * chance * (1.0 - chance)
        score, found = _add_tree(bins, others, slope, bend, score, found)
    return found


def _add_tree(  # noqa: PLR0917
    bins: NDArray[np.int64],
    others: NDArray[np.int64],
    slope: _Floats,
    bend: _Floats,
    score: _Floats,
    found: _Floats,
) -> tuple[_Floats, _Floats]:
    """Return both scores plus those of a tree of depth two."""
    leaves, places = np.zeros(len(bins), np.int64), np.zeros(len(others), np.int64)
    for depth in range(2):
        for node in range(2**depth):
            inside = leaves == node
            feature, edge = _best_split(bins[inside], slope[inside], bend[inside])
            leaves[inside & (bins[:, feature] > edge)] += 2**depth
            places[(places == node) & (others[:, feature] > edge)] += 2**depth
    steps = _RATE * np.bincount(leaves, slope, 4) / (np.bincount(leaves, bend, 4) + _RIDGE)
    return score + steps[leaves], found + steps[places]


def _best_split(bins: NDArray[np.int64], slope: _Floats, bend: _Floats) -> tuple[int, int]:
    """Return the feature and the last bin of the lower side that reduce the loss most."""
    features = bins.shape[1]
    cells = (bins + _BINS * np.arange(features)).ravel()
    sums = [
        np.bincount(cells, np.repeat(each, features), _BINS * features)
        .reshape(features, _BINS)
        .cumsum(axis=1)
        for each in (slope, bend, np.ones(len(bins)))
    ]
    (low, low_bend, low_count), (all_, all_bend, count) = sums, [each[:, -1:] for each in sums]
    gain = low**2 / (low_bend + _RIDGE) + (all_ - low) ** 2 / (all_bend - low_bend + _RIDGE)
    small = np.minimum(low_count, count - low_count) < _FEWEST_IN_LEAF
    best = int(np.argmax(np.where(small, -1.0, gain)))
    return best // _BINS, best % _BINS
