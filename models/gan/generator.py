"""The generator of the adversarial family: a bar from noise and the bars before it."""

from __future__ import annotations

import keras
from keras import layers, ops

from magenta_bridge.models.tensor import Tensor


@keras.saving.register_keras_serializable(package="magenta_bridge")
class History(keras.layers.Layer):
    """Bars as channels over the steps of one bar: equal places of all bars lie together.

    Args:
        ids: Ids a step may hold, padding among them.
        embedding_units: Width of a step's embedding.
    """

    def __init__(self, ids: int, embedding_units: int, **kwargs: Tensor) -> None:
        super().__init__(**kwargs)
        self._words = layers.Embedding(ids, embedding_units)

    def call(self, bars: Tensor) -> Tensor:
        """Turns ids ``(batch, bars, tracks, steps)`` into ``(batch, steps, channels)``."""
        _, count, tracks, steps = bars.shape
        words = self._words(bars)
        width = words.shape[-1]
        return ops.reshape(
            ops.transpose(words, (0, 3, 1, 2, 4)), (-1, steps, count * tracks * width)
        )


@keras.saving.register_keras_serializable(package="magenta_bridge")
class BarGenerator(keras.layers.Layer):
    """Makes the logits of one bar of all tracks at once, so that they hear each other.

    Args:
        event_ids: Ids a step chooses among.
        units: Channels.
        blocks: Residual blocks.
        embedding_units: Width of a step's embedding.
    """

    def __init__(
        self, event_ids: int, units: int, blocks: int, embedding_units: int, **kwargs: Tensor
    ) -> None:
        super().__init__(**kwargs)
        self._event_ids = event_ids
        self._history = History(event_ids + 1, embedding_units)
        self._past = layers.Conv1D(units, 3, padding="same", activation="relu")
        self._spread = layers.Dense(16 * 64)
        self._first = layers.Conv1D(units, 5, padding="same")
        self._norms = [layers.LayerNormalization() for _ in range(blocks)]
        self._convs = [layers.Conv1D(units, 5, padding="same") for _ in range(blocks)]
        self._last = layers.LayerNormalization()

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the output layer; ``input_shape`` is that of ``previous``."""
        self._tracks, self._steps = int(input_shape[-2] or 1), int(input_shape[-1] or 16)
        self._out = layers.Dense(self._tracks * self._event_ids)

    def call(self, previous: Tensor, noise: Tensor, meter: Tensor) -> Tensor:
        """Makes a bar.

        Args:
            previous: Ids ``(batch, bars, tracks, steps)``.
            noise: ``(batch, noise)``, standard normal.
            meter: ``(batch, kinds)``, one-hot.

        Returns:
            Logits ``(batch, tracks, steps, event_ids)``.
        """
        steps = self._steps
        past = self._past(self._history(previous))
        told = ops.concatenate([noise, meter, ops.mean(past, axis=1)], axis=-1)
        spread = ops.reshape(self._spread(told), (-1, steps, 64))
        hidden = self._first(ops.concatenate([past, spread], axis=-1))
        for norm, conv in zip(self._norms, self._convs, strict=True):
            hidden = hidden + conv(ops.relu(norm(hidden)))
        logits = self._out(ops.relu(self._last(hidden)))
        shaped = ops.reshape(logits, (-1, steps, self._tracks, self._event_ids))
        return ops.transpose(shaped, (0, 2, 1, 3))


@keras.saving.register_keras_serializable(package="magenta_bridge")
class BarEncoder(keras.layers.Layer):
    """Tells which noise would make a bar; used in training alone.

    Args:
        event_ids: Ids a step chooses among.
        noise_units: Length of the noise.
        units: Channels.
        embedding_units: Width of a step's embedding.
    """

    def __init__(
        self, event_ids: int, noise_units: int, units: int, embedding_units: int, **kwargs: Tensor
    ) -> None:
        super().__init__(**kwargs)
        self._history = History(event_ids + 1, embedding_units)
        self._conv = layers.Conv1D(units, 5, padding="same", activation="relu")
        self._shrink = layers.Conv1D(units, 4, strides=2, padding="same", activation="relu")
        self._flat = layers.Flatten()
        self._out = layers.Dense(2 * noise_units)

    def call(self, previous: Tensor, bar: Tensor) -> tuple[Tensor, Tensor]:
        """Returns mean and log variance of the noise, ``(batch, noise)`` each."""
        lines = ops.concatenate([previous, ops.expand_dims(bar, 1)], axis=1)
        hidden = self._shrink(self._conv(self._history(lines)))
        mean, spread = ops.split(self._out(self._flat(hidden)), 2, axis=-1)
        return mean, ops.clip(spread, -8.0, 4.0)
