"""What the simplest models make of piano rolls: proof of data and metric, and a floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.pianoroll_benchmark.roll import PITCHES, Roll
from magenta_bridge.pianoroll_benchmark.score import RollModel

# Added to each count, as Jeffreys's prior asks for a coin.
_PRIOR: Final = 0.5


class Unigram:
    """Every pitch sounds with a probability of its own, whatever went before.

    Args:
        rolls: Pieces to count, all frames of them.
    """

    def __init__(self, rolls: Sequence[Roll]) -> None:
        sounding = sum((roll.sum(axis=0, dtype=np.int64) for roll in rolls), np.zeros(PITCHES))
        frames = sum(len(roll) for roll in rolls)
        self._sounds = (sounding + _PRIOR) / (frames + 2 * _PRIOR)

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """See ``RollModel.nats``."""
        return _frame_nats(roll[1:], np.broadcast_to(self._sounds, roll[1:].shape))


class Markov:
    """Every pitch sounds with a probability that depends on whether it sounded just before.

    Args:
        rolls: Pieces to count, all frames but the first of each.
    """

    def __init__(self, rolls: Sequence[Roll]) -> None:
        sounding, seen = np.zeros((2, PITCHES)), np.zeros((2, PITCHES))
        for roll in rolls:
            for before in (0, 1):
                such = roll[:-1] == before
                seen[before] += such.sum(axis=0)
                sounding[before] += (such & (roll[1:] == 1)).sum(axis=0)
        self._sounds = (sounding + _PRIOR) / (seen + 2 * _PRIOR)

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """See ``RollModel.nats``."""
        return _frame_nats(roll[1:], np.where(roll[:-1] == 1, self._sounds[1], self._sounds[0]))


BASELINES: Final[Mapping[str, Callable[[Sequence[Roll]], RollModel]]] = {
    "unigram": Unigram,
    "markov": Markov,
}


def _frame_nats(frames: Roll, sounds: NDArray[np.float64]) -> NDArray[np.float64]:
    chosen = np.where(frames == 1, sounds, 1.0 - sounds)
    nats: NDArray[np.float64] = -np.log(chosen).sum(axis=1)
    return nats
