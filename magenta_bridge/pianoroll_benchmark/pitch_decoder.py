"""Whether each pitch sounds, apart from the others."""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np
from keras import ops

from magenta_bridge.models.tensor import Tensor
from magenta_bridge.pianoroll_benchmark.roll import PITCHES

# Semitones on either side of a pitch whose notes it sees by their distance from it.
_REACH: Final = 24


class NearNotes(keras.layers.Layer):
    """A convolution over pitches: what sounds around each, weighted by its distance.

    Written as one product with a matrix that repeats the kernel along its diagonals, which a CPU
    computes several times faster than a convolution of one channel.

    Args:
        units: Features of each pitch.
    """

    def __init__(self, units: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.units = units
        distance = np.arange(PITCHES)[:, None] - np.arange(PITCHES)[None, :]
        # The row behind the kernel's last is one of zeros.
        self._row = np.where(np.abs(distance) <= _REACH, distance + _REACH, 2 * _REACH + 1)

    def build(self, input_shape: Any) -> None:
        """Creates the kernel for inputs of ``input_shape[-1]`` features."""
        self.sources = input_shape[-1] // PITCHES
        self.kernel = self.add_weight(
            shape=(self.sources, 2 * _REACH + 1, self.units), name="kernel"
        )
        self.built = True

    def call(self, known: Tensor) -> Tensor:
        """Returns ``(frames, 88, units)`` for ``(frames, sources * 88)``."""
        rows = ops.pad(self.kernel, [[0, 0], [0, 1], [0, 0]])
        matrix = ops.reshape(
            ops.take(rows, self._row, axis=1), (self.sources * PITCHES, PITCHES * self.units)
        )
        return ops.reshape(ops.matmul(known, matrix), (-1, PITCHES, self.units))


class PitchDecoder(keras.layers.Layer):
    """Predict for every pitch whether it sounds in the next frame.

    A logit is the sum of two: one from the memory alone, and one from the memory and the frames
    known around the pitch, which is the same function at every pitch, so that a step of a voice is
    learned once for all keys (after Johnson 2017, "Generating Polyphonic Music Using Tied Parallel
    Networks", section 3).

    Args:
        units: Width of the layer that is the same at every pitch.
        dropout: Share of its features dropped while training, 0..1.
    """

    def __init__(self, units: int, dropout: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.memory = keras.layers.Dense(PITCHES, name="memory")
        self.shared = keras.layers.Dense(units, name="shared")
        self.near = NearNotes(units, name="near")
        self.drop = keras.layers.Dropout(dropout)
        self.deeper = keras.layers.Dense(units, activation="relu", name="deeper")
        self.sounding = keras.layers.Dense(1, name="sounding")

    def build(self, input_shape: Any) -> None:
        """Creates the weights for ``input_shape``: those of memory and known frames."""
        memory, known = input_shape
        self.memory.build((None, memory[-1]))
        self.shared.build((None, memory[-1]))
        self.near.build(known)
        self.deeper.build((None, PITCHES, self.units))
        self.sounding.build((None, PITCHES, self.units))
        self.built = True

    def call(self, memory: Tensor, known: Tensor, training: bool = False) -> Tensor:
        """Predict frames.

        Args:
            memory: ``(frames, features)``.
            known: ``(frames, sources * 88)`` of 0 and 1: those known when each is predicted.
            training: Whether to drop features.

        Returns:
            Logits ``(frames, 88)``.
        """
        around = self.near(known) + self.shared(memory)[:, None, :]
        around = self.drop(ops.relu(around), training=training)
        around = around + self.deeper(around)
        return self.memory(memory) + self.sounding(around)[..., 0]
