"""The n-gram baselines of melodies, with their order chosen on other tunes than reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.ngram import NGram
from magenta_bridge.evaluation.score import Piece, Score

_HIGHEST_ORDER: Final = 6


def measure_baselines(
    train: Sequence[Piece], validation: Sequence[Piece], test: Sequence[Piece]
) -> dict[str, Score]:
    """Fits n-grams and scores them on the test pieces.

    Two are fitted: the plain one, and one that is also told meter and place in the bar, since
    the networks are.

    Args:
        train: Pieces to count.
        validation: Pieces that choose each n-gram's order.
        test: Pieces to report on.

    Returns:
        Test scores by the n-gram's name, which tells the chosen order.
    """
    results: dict[str, Score] = {}
    for name, place in (("n-gram", None), ("n-gram with meter and place in the bar", bar_places)):
        model = NGram(melody.EVENT_IDS, _HIGHEST_ORDER, place).fit(train)
        chosen = [score.nats_per_step for score in model.score(validation)]
        order = int(np.argmin(chosen))
        results[f"{name}, order {order}"] = model.score(test)[order]
    return results


def bar_places(piece: Piece) -> NDArray[np.int64]:
    """Returns a number for meter and place in the bar of each step, ``(steps,)``."""
    meter = int(piece[0]) - melody.EVENT_IDS
    bar = int(melody.bar_steps(*melody.METERS[meter]))
    return meter * 64 + np.arange(len(piece) - 1) % bar
