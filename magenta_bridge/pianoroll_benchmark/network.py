"""The network of the published tables: piano rolls, frame by frame; no shipped bundle uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import keras
import numpy as np
from keras import ops

from magenta_bridge.models.recurrent import RecurrentStack
from magenta_bridge.models.tensor import Tensor
from magenta_bridge.pianoroll_benchmark.rolls import NOTE_IDS, PITCHES

OUTPUTS: Final = ("sigmoid", "joint")
_NEVER: Final = -1e4
# Semitones on either side of a pitch or of the last note that are seen, and offered, by distance.
_REACH: Final = 24


class NearNotes(keras.layers.Layer):
    """A convolution over pitches.

    It is computed as one product with a matrix that repeats the kernel along its diagonals, which
    is several times faster on a CPU than a convolution of one channel.

    Args:
        units: Features of each pitch.
    """

    def __init__(self, units: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.units = units
        distance = np.arange(PITCHES)[:, None] - np.arange(PITCHES)[None, :]
        # The kernel is padded with a row of zeros.
        self._row = np.where(np.abs(distance) <= _REACH, distance + _REACH, 2 * _REACH + 1)

    def build(self, input_shape: Any) -> None:
        """Create the kernel for inputs of ``input_shape[-1]`` features."""
        self.sources = input_shape[-1] // PITCHES
        self.kernel = self.add_weight(
            shape=(self.sources, 2 * _REACH + 1, self.units), name="kernel"
        )
        self.built = True

    def call(self, known: Tensor) -> Tensor:
        """Return ``(frames, 88, units)`` for ``(frames, sources * 88)``."""
        rows = ops.pad(self.kernel, [[0, 0], [0, 1], [0, 0]])
        matrix = ops.reshape(
            ops.take(rows, self._row, axis=1), (self.sources * PITCHES, PITCHES * self.units)
        )
        return ops.reshape(ops.matmul(known, matrix), (-1, PITCHES, self.units))


class PitchDecoder(keras.layers.Layer):
    """Predict for every pitch whether it sounds in the next frame.

    A logit is the sum of one from the memory and one from the memory and the known frames around
    the pitch. The latter is the same function at every pitch, so that a step of a voice is learned
    once for all keys (after Johnson 2017, "Generating Polyphonic Music Using Tied Parallel
    Networks", section 3).

    Args:
        units: Width of the layer that all pitches share.
        dropout: Share of its features dropped in training, 0..1.
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
        """Create the weights for ``input_shape``: those of memory and known frames."""
        memory, known = input_shape
        self.memory.build((None, memory[-1]))
        self.shared.build((None, memory[-1]))
        self.near.build(known)
        self.deeper.build((None, PITCHES, self.units))
        self.sounding.build((None, PITCHES, self.units))
        self.built = True

    def call(self, memory: Tensor, known: Tensor, training: bool = False) -> Tensor:
        """Return the logits ``(frames, 88)``.

        Args:
            memory: ``(frames, features)``.
            known: ``(frames, sources * 88)`` of 0 and 1: the known frames.
            training: Whether to drop features.
        """
        around = self.near(known) + self.shared(memory)[:, None, :]
        around = self.drop(ops.relu(around), training=training)
        around = around + self.deeper(around)
        return self.memory(memory) + self.sounding(around)[..., 0]


class ChordDecoder(keras.layers.Layer):
    """Predict the notes of a frame in ascending order, then its end.

    Each note is predicted from the past and from the set of notes below it, as in NADE (Larochelle
    and Murray 2011, "The Neural Autoregressive Distribution Estimator", section 3), but by a
    softmax over the notes above the last one, so that a chord takes one decision per note and one
    for its end. Notes are input and predicted both by pitch and by distance from the last one, so
    that an interval is learned once for all keys (after Johnson 2017).

    Args:
        units: Width of the two hidden layers.
        dropout: Share of hidden features dropped in training, 0..1.
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
        """Create the weights for a past of ``input_shape[-1]`` features."""
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
        """Return the logits ``(notes, 89)``; ids not above the last one are impossible.

        Args:
            past: ``(frames, features)``.
            before: ``(frames, 88)`` of 0 and 1: the frame before each.
            chords: ``(frames, 88)`` of 0 and 1; each note sees only those below it.
            notes: Two of ``(notes,)``: the frame of each, an index into the three; and one more
                than the id before it in the frame, 0 at the beginning.
            training: Whether to drop features.
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
        """Return what sounded around the last note, and what sounds below it, by distance."""
        at = last[:, None] + ops.arange(2 * _REACH + 1)[None, :]
        around = ops.pad(before, [[0, 0], [_REACH + 1, _REACH]])
        under = ops.pad(below, [[0, 0], [_REACH + 1, _REACH]])
        seen = [ops.take_along_axis(around, at, 1), ops.take_along_axis(under, at[:, :_REACH], 1)]
        return ops.where(last[:, None] > 0, ops.concatenate(seen, axis=1), 0.0)

    def _offered(self, intervals: Tensor, last: Tensor) -> Tensor:
        """Return the intervals' logits at the ids that they lead to."""
        # Id ``last`` is one semitone above the last note.
        distance = ops.arange(NOTE_IDS)[None, :] - last[:, None]
        reached = (distance >= 0) & (distance < _REACH) & (last[:, None] > 0)
        reached = reached & (ops.arange(NOTE_IDS)[None, :] < PITCHES)
        found = ops.take_along_axis(intervals, ops.clip(distance, 0, _REACH - 1), axis=1)
        return ops.where(reached, found, 0.0)


@keras.saving.register_keras_serializable(package="magenta_bridge")
class RollNetwork(keras.Model):
    """Predict each frame of a piano roll from all frames before it.

    Recurrent layers read the last frame and, optionally, frames at fixed distances before the
    predicted one. The output is a logit for every pitch, or a chord chosen note by note.

    Args:
        cell: ``lstm``, ``gru``, or ``rnn``.
        units: Width of each recurrent layer, bottom first.
        output: ``sigmoid``: independent pitches; ``joint``: note by note, see ``ChordDecoder``.
        embedding_units: Width to which the known frames are condensed.
        chord_units: Width of the chord decoder of ``joint``.
        pitch_units: Width of the pitch decoder of ``sigmoid``.
        lookback: Distances of further frames before the predicted one, each 2 or more.
        dropout: Share of features dropped between layers in training, 0..1.

    Call arguments:
        inputs: dict of ``frames (batch, frames + 1, 88)`` uint8 and, for ``joint``, ``frame`` and
            ``last`` ``(notes,)`` int32 from ``rolls.notes_of``, for the predicted frames of all
            rows, end to end.

    Returns:
        Logits of decisions: ``(batch, frames, 88, 2)``, silent and sounding; or ``(notes, 89)``.

    Raises:
        ValueError: The cell or output is unknown.
    """

    def __init__(
        self,
        cell: str,
        units: Sequence[int],
        output: str,
        *,
        embedding_units: int = 96,
        chord_units: int = 192,
        pitch_units: int = 24,
        lookback: Sequence[int] = (),
        dropout: float = 0.3,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if output not in OUTPUTS:
            raise ValueError(f"there is no output {output!r}; there is {', '.join(OUTPUTS)}")
        self._config = {
            "cell": cell, "units": tuple(units), "output": output,
            "embedding_units": embedding_units, "chord_units": chord_units,
            "pitch_units": pitch_units, "lookback": tuple(lookback), "dropout": dropout,
        }  # fmt: skip
        self.output_kind, self.lookback = output, tuple(lookback)
        self.embedding = keras.layers.Dense(embedding_units, name="embedding")
        self.stack = RecurrentStack(cell, units, dropout, name="stack")
        self.head: Any = (
            PitchDecoder(pitch_units, dropout, name="pitches")
            if output == "sigmoid"
            else ChordDecoder(chord_units, dropout, name="chords")
        )

    def build(self, input_shape: Tensor = None) -> None:
        """Create all weights."""
        del input_shape
        features = PITCHES * (1 + len(self.lookback))
        self.embedding.build((None, None, features))
        self.stack.build((None, None, self.embedding.units))
        if self.output_kind == "sigmoid":
            self.head.build([(None, self.stack.width), (None, features)])
        else:
            self.head.build((None, self.stack.width + features))
        self.built = True

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """See the class."""
        frames = ops.cast(inputs["frames"], "float32")
        seen = self._seen(frames)
        hidden = self.stack(self.embedding(seen), training=training)
        if self.output_kind == "sigmoid":
            return self._apart(hidden, seen, training)
        known = ops.concatenate([hidden, seen], axis=-1)
        before, predicted = (
            ops.reshape(each, (-1, PITCHES)) for each in (frames[:, :-1], frames[:, 1:])
        )
        return self.head(
            ops.reshape(known, (-1, known.shape[-1])),
            before,
            predicted,
            (inputs["frame"], inputs["last"]),
            training=training,
        )

    def _apart(self, hidden: Tensor, seen: Tensor, training: bool) -> Tensor:
        memory, known = (ops.reshape(each, (-1, each.shape[-1])) for each in (hidden, seen))
        sounding = self.head(memory, known, training=training)
        sounding = ops.reshape(sounding, (*ops.shape(hidden)[:2], PITCHES))
        return ops.stack([ops.zeros_like(sounding), sounding], axis=-1)

    def _seen(self, frames: Tensor) -> Tensor:
        """Return the known frames for predicting each frame."""
        seen = [frames[:, :-1]]
        for distance in self.lookback:
            late = ops.pad(frames[:, 1:], [[0, 0], [distance, 0], [0, 0]])
            seen.append(late[:, :-distance])
        return ops.concatenate(seen, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), **self._config}
