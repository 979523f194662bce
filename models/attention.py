"""Attention over the last outputs of a recurrent layer.

Magenta's attention RNN (Waite, "Generating Long-Term Structure in Songs and Stories", 2016) looks
back at the last n outputs. Here the scores are scaled dot products (Vaswani et al. 2017, section
3.2.1) and the result joins the output, not the input, so that a window is computed at once.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from magenta_bridge.models.tensor import Tensor


class BandAttention(keras.layers.Layer):
    """Lets each step see the ``steps`` outputs before it.

    Args:
        steps: How many outputs are seen, 1 or more. Before the beginning stand zeros.
    """

    def __init__(self, steps: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if steps < 1:
            raise ValueError(f"attention must see 1 step or more, got {steps}")
        self.steps = steps

    def build(self, input_shape: Any) -> None:
        """Creates the projections; the width of the input is kept."""
        width = input_shape[-1]
        self.query = keras.layers.Dense(width, use_bias=False, name="query")
        self.join = keras.layers.Dense(width, activation="tanh", name="join")
        self.query.build((None, None, width))
        self.join.build((None, None, 2 * width))
        self.built = True

    def call(self, hidden: Tensor) -> Tensor:
        """Attends at every step of ``hidden (batch, steps, width)``; same shape out."""
        length, width = ops.shape(hidden)[1], hidden.shape[-1]
        padded = ops.pad(hidden, [[0, 0], [self.steps, 0], [0, 0]])  # (batch, steps + n, width)
        scores = ops.matmul(self.query(hidden), ops.transpose(padded, (0, 2, 1))) / width**0.5
        here = ops.expand_dims(ops.arange(length), 1)
        there = ops.expand_dims(ops.arange(length + self.steps), 0)
        seen = ops.logical_and(there >= here, there < here + self.steps)
        weights = ops.softmax(ops.where(seen, scores, ops.full_like(scores, -1e9)), axis=-1)
        return self.join(ops.concatenate([hidden, ops.matmul(weights, padded)], axis=-1))

    def step(self, hidden: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Attends once.

        Args:
            hidden: Output now, ``(batch, width)``.
            past: Outputs before, ``(batch, n, width)``.

        Returns:
            The joined output ``(batch, width)`` and the outputs for the next step.
        """
        query = ops.expand_dims(self.query(hidden), 1)
        scores = ops.matmul(query, ops.transpose(past, (0, 2, 1))) / hidden.shape[-1] ** 0.5
        context = ops.matmul(ops.softmax(scores, axis=-1), past)[:, 0]
        joined = self.join(ops.concatenate([hidden, context], axis=-1))
        return joined, ops.concatenate([past[:, 1:], ops.expand_dims(hidden, 1)], axis=1)
