"""Whether each pitch sounds, apart from the others."""

from __future__ import annotations

from typing import Any, Final

import keras
from keras import ops

from magenta_bridge.encodings.roll import PITCHES
from magenta_bridge.models.tensor import Tensor

# Semitones on either side of a pitch whose notes it is told of by their distance from it.
_REACH: Final = 24


class PitchDecoder(keras.layers.Layer):
    """Foretells for every pitch whether it sounds in the next frame.

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
        self.near = keras.layers.Conv1D(units, 2 * _REACH + 1, padding="same", name="near")
        self.drop = keras.layers.Dropout(dropout)
        self.deeper = keras.layers.Dense(units, activation="relu", name="deeper")
        self.sounding = keras.layers.Dense(1, name="sounding")

    def build(self, input_shape: Any) -> None:
        """Creates the weights for ``input_shape``: those of memory and known frames."""
        memory, known = input_shape
        self.memory.build((None, memory[-1]))
        self.shared.build((None, memory[-1]))
        self.near.build((None, PITCHES, known[-1]))
        self.deeper.build((None, PITCHES, self.units))
        self.sounding.build((None, PITCHES, self.units))
        self.built = True

    def call(self, memory: Tensor, known: Tensor, training: bool = False) -> Tensor:
        """Foretells frames.

        Args:
            memory: ``(frames, features)``.
            known: ``(frames, 88, sources)`` of 0 and 1: frames known when each is foretold.
            training: Whether to drop features.

        Returns:
            Logits ``(frames, 88)``.
        """
        around = self.near(known) + self.shared(memory)[:, None, :]
        around = self.drop(ops.relu(around), training=training)
        around = around + self.deeper(around)
        return self.memory(memory) + self.sounding(around)[..., 0]
