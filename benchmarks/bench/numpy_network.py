"""A melody network in plain NumPy, as a reference."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.models.grid import LOOKBACK_BARS

Array = NDArray[np.float32]


class NumpyNetwork:
    """An LSTM for melodies in float32, with the weights of a Keras network.

    Args:
        network: A ``GridLSTM``.
    """

    def __init__(self, network: Any) -> None:  # noqa: ANN401 - Keras has no types
        features = network.features
        self._event = _values(features.event_embedding.embeddings)
        self._past = _values(features.past_embedding.embeddings)
        self._place = _values(features.place_embedding.embeddings)
        cells = [layer.cell for layer in network.stack.layers]
        self._cells = [
            tuple(_values(each) for each in (c.kernel, c.recurrent_kernel, c.bias)) for c in cells
        ]
        self._logits = _values(network.logits.kernel), _values(network.logits.bias)
        self._gates = _values(network.gates.kernel), _values(network.gates.bias)
        self._bars = network.bar_steps
        self._event_ids, self._pad = network.event_ids, network.input_ids - 1

    def begin(self, start: int) -> Array:
        """Feed a start id; see ``step``."""
        self._meter = start - self._event_ids
        self._history = [self._pad] * max(self._bars) * max(LOOKBACK_BARS)
        self._states = [
            (np.zeros(len(u), np.float32), np.zeros(len(u), np.float32)) for _, u, _ in self._cells
        ]
        self._position = -1
        return self.step(start)

    def step(self, value: int) -> Array:
        """Feed one id and return the logits of the next, ``(event_ids,)``."""
        bar = self._bars[self._meter]
        self._position = (self._position + 1) % bar
        window = [*self._history, value]
        past = [window[len(window) - bars * bar] for bars in LOOKBACK_BARS]
        repeats = [window[len(window) - bars * bar - 1] == value for bars in LOOKBACK_BARS]
        place = self._meter * max(self._bars) + self._position
        looked_back = self._past[past].ravel()
        parts = (
            self._event[value],
            self._place[place],
            looked_back,
            np.array(repeats, dtype=np.float32),
        )
        hidden = np.concatenate(parts)
        for index, (kernel, recurrent, bias) in enumerate(self._cells):
            self._states[index] = _lstm(hidden, self._states[index], kernel, recurrent, bias)
            hidden = self._states[index][0]
        self._history = window[1:]
        logits: Array = hidden @ self._logits[0] + self._logits[1]
        gates = hidden @ self._gates[0] + self._gates[1]
        for gate, event in zip(gates, past, strict=True):
            if event < self._event_ids:
                logits[event] += gate
        return logits


def _lstm(
    inputs: Array, state: tuple[Array, Array], kernel: Array, recurrent: Array, bias: Array
) -> tuple[Array, Array]:
    hidden, carried = state
    enters, stays, new, leaves = np.split(inputs @ kernel + hidden @ recurrent + bias, 4)
    carried = _sigmoid(stays) * carried + _sigmoid(enters) * np.tanh(new)
    return _sigmoid(leaves) * np.tanh(carried), carried


def _sigmoid(values: Array) -> Array:
    return cast(Array, 1.0 / (1.0 + np.exp(-values)))


def _values(variable: Any) -> Array:  # noqa: ANN401 - a variable of any backend
    return np.asarray(variable, dtype=np.float32)


def draw(logits: Array, number: float, top_p: float) -> int:
    """Draw an id from the smallest set of ids whose total probability is at least ``top_p``."""
    weights: Array = np.exp(logits - logits.max())
    order = np.argsort(-weights)
    sums = np.cumsum(weights[order] / weights.sum())
    kept = int(np.searchsorted(sums, top_p)) + 1
    return int(order[np.searchsorted(sums[:kept], number * sums[:kept][-1])])
