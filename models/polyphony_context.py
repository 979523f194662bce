"""What a network of several voices sees besides the last id: other frames, and what they suggest.

A frame is a row of 128 numbers, one for each pitch: 0 silent, 1 sounds on, 2 begins; see
``encodings.polyphony.frames_of``.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from magenta_bridge.encodings import polyphony
from magenta_bridge.models.tensor import Tensor

PITCHES = polyphony.PITCHES
# Ways to copy: hold or strike the next pitch of the last frame, do as one bar ago does next, or
# do anything that it still does.
COPIES = 4


class FrameContext(keras.layers.Layer):
    """Embeds the last id with the frame before, the frame one bar ago, and the place in the bar.

    Of both frames it tells apart what lies above the pitch named last, which alone can still
    come, and the lowest pitch of that.

    Args:
        input_ids: Ids that can be fed.
        meters: How many meters there are.
        longest_bar: Frames in the longest bar.
        embedding_units: Width of the id's embedding; the place in the bar has a half as wide one.
        frame_units: Width to which the frames are condensed.
    """

    def __init__(
        self,
        input_ids: int,
        meters: int,
        longest_bar: int,
        embedding_units: int = 64,
        frame_units: int = 96,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.input_ids = input_ids
        self.meters = meters
        self.longest_bar = longest_bar
        self.embedding_units = embedding_units
        self.frame_units = frame_units
        self.event_embedding = keras.layers.Embedding(input_ids, embedding_units, name="event")
        self.place_embedding = keras.layers.Embedding(
            meters * longest_bar, embedding_units // 2, name="place"
        )
        self.condense = keras.layers.Dense(frame_units, activation="tanh", name="condense")
        self._below = np.triu(np.ones((PITCHES, PITCHES), dtype=np.float32), 1)

    @property
    def width(self) -> int:
        """Width of the features."""
        return self.embedding_units + self.embedding_units // 2 + self.frame_units + 1

    def build(self, input_shape: Tensor = None) -> None:
        """Creates the weights; their shapes follow from the configuration alone."""
        del input_shape
        self.event_embedding.build(None)
        self.place_embedding.build(None)
        self.condense.build((None, None, 6 * PITCHES))
        self.built = True

    def call(
        self, ids: Tensor, before: Tensor, ago: Tensor, place: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Computes the features for predicting the id after each id.

        Args:
            ids: Last ids, ``(batch, steps)``.
            before: The frame before the one the id to come belongs to, ``(batch, steps, 128)``.
            ago: The frame one bar before that one, ``(batch, steps, 128)``.
            place: ``meter * longest_bar`` and the place in the bar of that frame,
                ``(batch, steps)``.

        Returns:
            Features ``(batch, steps, width)``; which ids can come, ``(batch, steps, events)`` of
            0 and 1; and what the ways to copy suggest, ``(batch, steps, COPIES, events)``.
        """
        before_on, before_new = _planes(before)
        ago_on, ago_new = _planes(ago)
        last, pitched = _last_pitch(ids)
        above = 1.0 - ops.matmul(last, 1.0 - self._below)  # up to the last pitch all are closed
        open_before, open_new, open_held = (
            plane * above for plane in (before_on, ago_new, ago_on - ago_new)
        )
        first_before = self._lowest(open_before)
        first_ago = self._lowest(open_new + open_held)
        features = self._features(
            ids, place, [before_on, before_new, ago_on, ago_new, first_before, first_ago],
            _repeats(ids, last, pitched, ago_new, ago_on - ago_new),
        )  # fmt: skip
        none = ops.zeros_like(above)
        end_before, end_ago = _exhausted(first_before), _exhausted(first_ago)
        copies = ops.stack(
            [
                ops.concatenate([end_before, none, first_before], axis=-1),
                ops.concatenate([0.0 * end_before, first_before, none], axis=-1),
                ops.concatenate([end_ago, first_ago * ago_new, first_ago * (1.0 - ago_new)], -1),
                ops.concatenate([0.0 * end_ago, open_new, open_held], axis=-1),
            ],
            axis=-2,
        )
        can_come = ops.concatenate([ops.ones_like(end_ago), above, open_before], axis=-1)
        return features, can_come, copies

    def _features(
        self, ids: Tensor, place: Tensor, planes: list[Tensor], repeats: Tensor
    ) -> Tensor:
        parts = [
            self.event_embedding(ids),
            self.place_embedding(place),
            self.condense(ops.concatenate(planes, axis=-1)),
            repeats,
        ]
        return ops.concatenate(parts, axis=-1)

    def _lowest(self, pitches: Tensor) -> Tensor:
        """Returns the lowest of each set of pitches alone."""
        fewer = ops.matmul(pitches, self._below)
        return pitches * ops.cast(fewer < 0.5, pitches.dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "input_ids": self.input_ids,
            "meters": self.meters,
            "longest_bar": self.longest_bar,
            "embedding_units": self.embedding_units,
            "frame_units": self.frame_units,
        }


def _planes(frame: Tensor) -> tuple[Tensor, Tensor]:
    """Returns which pitches sound in a frame, and which begin, as 0 and 1."""
    return ops.cast(frame > 0, "float32"), ops.cast(frame > 1, "float32")


def _last_pitch(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the pitch of each id, one-hot (zeros for none), and whether it has one."""
    pitched = ops.logical_and(ids >= polyphony.NEW, ids < polyphony.EVENT_IDS)
    pitch = ops.where(pitched, (ids - polyphony.NEW) % PITCHES, ops.full_like(ids, -1))
    return ops.one_hot(pitch, PITCHES, dtype="float32"), pitched


def _repeats(ids: Tensor, last: Tensor, pitched: Tensor, new: Tensor, held: Tensor) -> Tensor:
    """Returns whether each id did as one bar ago, ``(batch, steps, 1)``; 0 for no pitch."""
    begins = ops.cast(ops.logical_and(pitched, ids < polyphony.HELD), "float32")
    struck, sustained = ops.sum(last * new, axis=-1), ops.sum(last * held, axis=-1)
    return ops.expand_dims(begins * struck + (1.0 - begins) * sustained, -1)


def _exhausted(first: Tensor) -> Tensor:
    """Returns 1 where nothing of a frame is left, ``(batch, steps, 1)``."""
    return 1.0 - ops.sum(first, axis=-1, keepdims=True)
