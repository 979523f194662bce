"""The critic: separates real bars from generated ones."""

from __future__ import annotations

import keras
from keras import ops

from magenta_bridge.models.tensor import Tensor

# With a norm of 1, leaky rectifiers shrink the score of four layers to almost nothing.
_GAIN = 2.0


@keras.saving.register_keras_serializable(package="magenta_bridge")
class SpectralConv(keras.layers.Layer):
    """A 1-D convolution of spectral norm 2 (Miyato et al. 2018, algorithm 1, with a gain).

    One power iteration per training step. Keras's own wrapper overwrites its kernel, which the JAX
    trainer drops.

    Args:
        units: Channels out.
        width: Steps the kernel spans.
        stride: Steps between outputs.
    """

    def __init__(self, units: int, width: int, stride: int = 1, **kwargs: Tensor) -> None:
        super().__init__(**kwargs)
        self._shape = (units, width, stride)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights; ``input_shape`` is ``(batch, steps, channels)``."""
        units, width, _ = self._shape
        self.kernel = self.add_weight(
            shape=(width, input_shape[-1], units), initializer="orthogonal", name="kernel"
        )
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")
        self.direction = self.add_weight(
            shape=(units, 1), initializer="random_normal", trainable=False, name="direction"
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Convolve ``(batch, steps, channels)`` into ``(batch, steps / stride, units)``."""
        units, _, stride = self._shape
        matrix = ops.reshape(self.kernel, (-1, units))
        frozen = ops.stop_gradient(matrix)
        left = _unit(ops.matmul(frozen, self.direction))
        right = _unit(ops.matmul(ops.transpose(frozen), left))
        if training:
            self.direction.assign(right)
        norm = ops.sum(left * ops.matmul(matrix, right))
        kernel = self.kernel * (_GAIN / norm)
        return ops.conv(inputs, kernel, strides=stride, padding="same") + self.bias


def _unit(vector: Tensor) -> Tensor:
    return vector / (ops.sqrt(ops.sum(ops.square(vector))) + 1e-8)


@keras.saving.register_keras_serializable(package="magenta_bridge")
class Critic(keras.layers.Layer):
    """Scores a bar given the bars before it; every kernel is spectrally normalized.

    The deviation of features over the batch is one of them, which detects a generator without
    variety (Karras et al. 2018, section 3).

    Args:
        units: Channels of the first layer; the next two have 1.5 and 2 times as many.
        embedding_units: Width of a step's embedding.
    """

    def __init__(self, units: int, embedding_units: int, **kwargs: Tensor) -> None:
        super().__init__(**kwargs)
        self._word = SpectralConv(embedding_units, 1)
        self._body = [
            SpectralConv(units, 3),
            SpectralConv(units * 3 // 2, 4, 2),
            SpectralConv(units * 2, 4, 2),
        ]
        self._score = SpectralConv(1, 1)

    def call(
        self, bars: Tensor, previous: Tensor, meter: Tensor, groups: int, training: bool = False
    ) -> Tensor:
        """Score bars.

        Args:
            bars: ``(batch, tracks, steps, ids)``, one-hot.
            previous: ``(batch, bars, tracks, steps, ids)``, one-hot; zeros before the music.
            meter: ``(batch, kinds)``, one-hot.
            groups: Parts of the batch within which the deviation is computed.
            training: Whether the power iteration continues.

        Returns:
            ``(batch,)``; higher for bars that look real.
        """
        _, history, tracks, steps, ids = previous.shape
        lines = ops.concatenate([previous, ops.expand_dims(bars, 1)], axis=1)
        words = self._word(ops.reshape(lines, (-1, steps, ids)), training=training)
        width = words.shape[-1]
        stacked = ops.reshape(words, (-1, (history + 1) * tracks, steps, width))
        hidden = ops.reshape(
            ops.transpose(stacked, (0, 2, 1, 3)), (-1, steps, (history + 1) * tracks * width)
        )
        clock = ops.repeat(ops.expand_dims(meter, 1), steps, axis=1)
        place = ops.eye(steps, dtype=self.compute_dtype)[None]
        place = ops.broadcast_to(place, (*ops.shape(hidden)[:2], steps))
        hidden = ops.concatenate([hidden, clock, place], axis=-1)
        for layer in self._body:
            hidden = ops.leaky_relu(layer(hidden, training=training), 0.2)
        flat = ops.reshape(hidden, (-1, 1, hidden.shape[1] * hidden.shape[2]))
        parts = ops.reshape(flat, (groups, -1, flat.shape[-1]))
        spread = ops.mean(ops.sqrt(ops.var(parts, axis=1, keepdims=True) + 1e-6), axis=-1)
        spread = ops.repeat(spread, ops.shape(flat)[0] // groups, axis=0)
        scored = self._score(
            ops.concatenate([flat, ops.reshape(spread, (-1, 1, 1))], axis=-1), training=training
        )
        return scored[:, 0, 0]
