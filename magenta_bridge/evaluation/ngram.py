"""An interpolated n-gram over event ids: the baseline every trained model must beat.

Each order is mixed with the next lower one by the method of Witten and Bell (1991), as given in
Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (1998),
section 2.6; order 0 is mixed with the uniform distribution.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.dataset import Dataset
from magenta_bridge.evaluation.likelihood import Piece, Score, StepLikelihoods, total

Context: TypeAlias = tuple[int, ...]
Place = Callable[[Piece], NDArray[np.int64] | None]


class NGram:
    """Counts of events by context.

    Args:
        event_ids: Number of event ids.
        order: Maximum context, in events.
        place: Returns a number for every step that is known in advance, such as its
            position in the bar, and is part of each context; None for the plain n-gram.
    """

    def __init__(self, event_ids: int, order: int, place: Place | None = None) -> None:
        self.event_ids = event_ids
        self.order = order
        self._place = place
        self._counts: dict[Context, Counter[int]] = defaultdict(Counter)

    def fit(self, pieces: Iterable[Piece]) -> NGram:
        """Count the events of training pieces."""
        for piece in pieces:
            ids, places = piece.tolist(), self._places(piece)
            for step in range(1, len(ids)):
                for length in range(min(self.order, step) + 1):
                    context = (places[step - 1], *ids[step - length : step])
                    self._counts[context][ids[step]] += 1
        return self

    def score(self, pieces: Iterable[Piece]) -> list[Score]:
        """Score pieces at every order at once.

        Returns:
            Scores for the orders ``0..order``; select an order on other pieces than those reported.
        """
        found = [self.log_likelihood(piece) for piece in pieces]
        orders = zip(*found, strict=True) if found else [()] * (self.order + 1)
        return [total(each.score for each in pieces) for pieces in orders]

    def log_likelihood(self, piece: Piece) -> list[StepLikelihoods]:
        """Score each step of a piece at every order at once, ``0..order``."""
        ids, places = piece.tolist(), self._places(piece)
        nats = np.zeros((self.order + 1, len(places)))
        hits = np.zeros((self.order + 1, len(places)), dtype=np.bool_)
        for step, place in enumerate(places, start=1):
            history = ids[max(step - self.order, 0) : step]
            mixed = np.full(self.event_ids, 1.0 / self.event_ids)
            for length in range(self.order + 1):
                if length <= len(history):
                    self._mix(mixed, (place, *history[len(history) - length :]))
                nats[length, step - 1] = -np.log(mixed[ids[step]])
                hits[length, step - 1] = mixed.argmax() == ids[step]
        return [StepLikelihoods(*each) for each in zip(nats, hits, strict=True)]

    def _mix(self, mixed: NDArray[np.float64], context: Context) -> None:
        """Interpolate the distribution of one context into ``mixed``, in place."""
        seen = self._counts.get(context)
        if not seen:
            return
        kinds, count = len(seen), seen.total()
        mixed *= kinds / (kinds + count)
        for event, times in seen.items():
            mixed[event] += times / (kinds + count)

    def _places(self, piece: Piece) -> list[int]:
        found = None if self._place is None else self._place(piece)
        places: list[int] = [0] * (len(piece) - 1) if found is None else found.tolist()
        return places


_HIGHEST_ORDER: Final = 6
# Counting costs memory by tokens and order; long token streams favor low orders anyway.
_MANY_STEPS: Final = 1_500_000
_HIGHEST_ORDER_OF_MANY: Final = 4


def measure_baselines(
    train: Sequence[Piece], validation: Sequence[Piece], test: Sequence[Piece], dataset: Dataset
) -> dict[str, Score]:
    """Fit n-grams and scores them on the test pieces.

    Two are fitted: the plain one, and one conditioned on meter and position in the bar, where
    the networks are.

    Args:
        train: Pieces to count.
        validation: Pieces that choose each n-gram's order, out of 0 to 6, or to 4 behind more
            than 1.5 million steps.
        test: Pieces to report on.
        dataset: Their encoding.

    Returns:
        Test scores by the n-gram's name, which contains the selected order.
    """
    found = score_baselines(train, validation, test, dataset)
    return {name: total(each.score for each in pieces) for name, pieces in found.items()}


def score_baselines(
    train: Sequence[Piece], validation: Sequence[Piece], test: Sequence[Piece], dataset: Dataset
) -> dict[str, list[StepLikelihoods]]:
    """Score each step of each test piece; see ``measure_baselines``."""
    many = sum(len(piece) for piece in train) > _MANY_STEPS
    highest = _HIGHEST_ORDER_OF_MANY if many else _HIGHEST_ORDER
    kinds = {"n-gram": None, "n-gram with meter and position in the bar": dataset.places}
    if test and dataset.places(test[0]) is None:
        del kinds["n-gram with meter and position in the bar"]
    results: dict[str, list[StepLikelihoods]] = {}
    for name, place in kinds.items():
        model = NGram(dataset.event_ids, highest, place).fit(train)
        chosen = [score.nats_per_step for score in model.score(validation)]
        order = int(np.argmin(chosen))
        results[f"{name}, order {order}"] = [model.log_likelihood(piece)[order] for piece in test]
    return results
