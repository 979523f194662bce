"""The networks of the published tables as models of piano rolls."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.likelihood import log_likelihood
from magenta_bridge.pianoroll_benchmark.inputs import feed
from magenta_bridge.pianoroll_benchmark.roll import Roll

# Lengths are rounded up to these, so that few shapes are compiled.
_SHORT: Final = 64
_LONG: Final = 512


class NetworkModel:
    """Scores a piece whole, from a state of zeros, as ``roll_score.RollModel`` asks.

    Args:
        network: A trained ``RollNetwork``.
    """

    def __init__(self, network: Any) -> None:
        self._network = network

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """See ``RollModel.nats``."""
        count = len(roll) - 1
        unit = _SHORT if count < _LONG else _LONG
        output = self._network.output_kind
        inputs, chosen, weights = feed([roll], output, rows=1, steps=-(-count // unit) * unit)
        logits = np.asarray(self._network.predict_on_batch(inputs))
        asked = log_likelihood(logits.reshape(-1, logits.shape[-1]), chosen.ravel()).nats
        if output == "sigmoid":
            frame = np.repeat(np.arange(chosen.shape[1]), chosen.shape[2])
        else:
            frame = inputs["frame"]
        predicted = np.zeros(count)
        kept = frame < count
        np.add.at(predicted, frame[kept], (asked * weights.ravel())[kept])
        return predicted
