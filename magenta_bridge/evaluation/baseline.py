"""The n-gram baselines, with their order chosen on other pieces than reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from magenta_bridge.evaluation.ngram import NGram
from magenta_bridge.evaluation.reader import Reader
from magenta_bridge.evaluation.score import Foretold, Piece, Score, total

_HIGHEST_ORDER: Final = 6
# Counting costs memory by tokens and order; long token streams favor low orders anyway.
_MANY_STEPS: Final = 1_500_000
_HIGHEST_ORDER_OF_MANY: Final = 4


def measure_baselines(
    train: Sequence[Piece], validation: Sequence[Piece], test: Sequence[Piece], reader: Reader
) -> dict[str, Score]:
    """Fits n-grams and scores them on the test pieces.

    Two are fitted: the plain one, and one that is also told meter and place in the bar, where
    the networks are.

    Args:
        train: Pieces to count.
        validation: Pieces that choose each n-gram's order, out of 0 to 6, or to 4 behind more
            than 1.5 million steps.
        test: Pieces to report on.
        reader: Their encoding.

    Returns:
        Test scores by the n-gram's name, which tells the chosen order.
    """
    found = foretell_baselines(train, validation, test, reader)
    return {name: total(each.score for each in pieces) for name, pieces in found.items()}


def foretell_baselines(
    train: Sequence[Piece], validation: Sequence[Piece], test: Sequence[Piece], reader: Reader
) -> dict[str, list[Foretold]]:
    """Foretells each step of each test piece; see ``measure_baselines``."""
    many = sum(len(piece) for piece in train) > _MANY_STEPS
    highest = _HIGHEST_ORDER_OF_MANY if many else _HIGHEST_ORDER
    kinds = {"n-gram": None, "n-gram with meter and place in the bar": reader.places}
    if test and reader.places(test[0]) is None:
        del kinds["n-gram with meter and place in the bar"]
    results: dict[str, list[Foretold]] = {}
    for name, place in kinds.items():
        model = NGram(reader.event_ids, highest, place).fit(train)
        chosen = [score.nats_per_step for score in model.score(validation)]
        order = int(np.argmin(chosen))
        results[f"{name}, order {order}"] = [model.foretell(piece)[order] for piece in test]
    return results
