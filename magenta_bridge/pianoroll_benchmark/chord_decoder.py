"""A chord chosen note by note, from the lowest up."""

from __future__ import annotations

from typing import Any, Final

import keras
from keras import ops

from magenta_bridge.models.tensor import Tensor
from magenta_bridge.pianoroll_benchmark.roll import NOTE_IDS, PITCHES

_NEVER: Final = -1e4
# Semitones on either side of the last note that are seen, and offered, by their distance from it.
_REACH: Final = 24


class ChordDecoder(keras.layers.Layer):
    """Predict the notes of a frame in ascending order, then its end.

    Each note is predicted from what is known of the past and from the set of notes below it, as in
    NADE (Larochelle and Murray 2011, "The Neural Autoregressive Distribution Estimator", section
    3), but by a softmax over the notes above the last one in place of a logit for every pitch, so
    that a chord costs as many decisions as it has notes, and one. Notes are seen and offered both
    by where they are and by how far they lie from the last one, so that an interval is learned once
    for all keys (after the tied-parallel networks of Johnson 2017, "Generating Polyphonic Music
    Using Tied Parallel Networks", section 3).

    Args:
        units: Width of the two hidden layers.
        dropout: Share of hidden features dropped while training, 0..1.
    """

    def __init__(self, units: int, dropout: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.past = keras.layers.Dense(units, name="past")
        self.below = keras.layers.Dense(units, use_bias=False, name="below")
        self.near = keras.layers.Dense(units, use_bias=False, name="near")
        self.last = keras.layers.Embedding(NOTE_IDS, units, name="last")
        self.deeper = keras.layers.Dense(units, activation="relu", name="deeper")
        self.logits = keras.layers.Dense(NOTE_IDS, name="logits")
        self.intervals = keras.layers.Dense(_REACH, name="intervals")
        self.drops = [keras.layers.Dropout(dropout) for _ in range(2)]
        self.units = units

    def build(self, input_shape: Any) -> None:
        """Creates the weights for a past of ``input_shape[-1]`` features."""
        self.past.build((None, input_shape[-1]))
        self.below.build((None, PITCHES))
        self.near.build((None, 3 * _REACH + 1))
        self.last.build((None,))
        self.deeper.build((None, self.units))
        self.logits.build((None, self.units))
        self.intervals.build((None, self.units))
        self.built = True

    def call(
        self,
        past: Tensor,
        before: Tensor,
        chords: Tensor,
        notes: tuple[Tensor, Tensor],
        training: bool = False,
    ) -> Tensor:
        """Predict notes.

        Args:
            past: ``(frames, features)``.
            before: ``(frames, 88)`` of 0 and 1: the frame before each.
            chords: ``(frames, 88)`` of 0 and 1; each note sees only those below it.
            notes: Two of ``(notes,)``: the frame of each, an index into the three; and one more
                than the id before it in the frame, 0 at the beginning.
            training: Whether to drop features.

        Returns:
            Logits ``(notes, 89)``; ids not above the last one get none to speak of.
        """
        frame, last = notes
        column = ops.arange(PITCHES)[None, :]
        lower = ops.cast(column < last[:, None], chords.dtype)
        below = ops.take(chords, frame, axis=0) * lower
        near = self._near(ops.take(before, frame, axis=0), below, last)
        hidden = ops.take(self.past(past), frame, axis=0)
        hidden = hidden + self.below(below) + self.near(near) + self.last(last)
        hidden = self.drops[0](ops.relu(hidden), training=training)
        hidden = self.drops[1](hidden + self.deeper(hidden), training=training)
        logits = self.logits(hidden) + self._offered(self.intervals(hidden), last)
        return ops.where(ops.arange(NOTE_IDS)[None, :] < last[:, None], _NEVER, logits)

    def _near(self, before: Tensor, below: Tensor, last: Tensor) -> Tensor:
        """Returns what sounded around the last note, and what sounds below it, by distance."""
        at = last[:, None] + ops.arange(2 * _REACH + 1)[None, :]
        around = ops.pad(before, [[0, 0], [_REACH + 1, _REACH]])
        under = ops.pad(below, [[0, 0], [_REACH + 1, _REACH]])
        seen = ops.concatenate(
            [
                ops.take_along_axis(around, at, axis=1),
                ops.take_along_axis(under, at[:, :_REACH], axis=1),
            ],
            axis=1,
        )
        return ops.where(last[:, None] > 0, seen, 0.0)

    def _offered(self, intervals: Tensor, last: Tensor) -> Tensor:
        """Returns the intervals' logits at the ids that they lead to."""
        # Id ``last`` lies one semitone above the last note.
        distance = ops.arange(NOTE_IDS)[None, :] - last[:, None]
        reached = (distance >= 0) & (distance < _REACH) & (last[:, None] > 0)
        reached = reached & (ops.arange(NOTE_IDS)[None, :] < PITCHES)
        found = ops.take_along_axis(intervals, ops.clip(distance, 0, _REACH - 1), axis=1)
        return ops.where(reached, found, 0.0)
