"""The network of the published tables: piano rolls, frame by frame; no bundle ships of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import keras
from keras import ops

from magenta_bridge.models.recurrent import RecurrentStack
from magenta_bridge.models.tensor import Tensor
from magenta_bridge.pianoroll_benchmark.chord_decoder import ChordDecoder
from magenta_bridge.pianoroll_benchmark.pitch_decoder import PitchDecoder
from magenta_bridge.pianoroll_benchmark.roll import PITCHES

OUTPUTS: Final = ("sigmoid", "joint")


@keras.saving.register_keras_serializable(package="magenta_bridge")
class RollNetwork(keras.Model):
    """Predict each frame of a piano roll from all frames before it.

    Recurrent layers read the last frame and, where asked for, frames that stood a fixed time before
    the one predicted. The output is a logit for every pitch, or a chord chosen note by note.

    Args:
        cell: ``lstm``, ``gru`` or ``rnn``.
        units: Width of each recurrent layer, bottom first.
        output: ``sigmoid``: pitches apart; ``joint``: note by note, see ``ChordDecoder``.
        embedding_units: Width to which the known frames are condensed.
        chord_units: Width of the chord decoder, where there is one.
        pitch_units: Width of the pitch decoder, where there is one.
        lookback: How many frames before the predicted one the further frames stand, each 2 or more.
        dropout: Share of features dropped between layers while training, 0..1.

    Call arguments:
        inputs: dict of ``frames (batch, frames + 1, 88)`` uint8 and, for ``joint``, ``frame`` and
            ``last`` ``(notes,)`` int32 as ``encodings.roll.notes_of`` gives them for the predicted
            frames of all rows, laid end to end.

    Returns:
        Logits of decisions: ``(batch, frames, 88, 2)``, silent and sounding; or ``(notes, 89)``.

    Raises:
        ValueError: There is no such cell or output.
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
        self.cell = cell
        self.units = tuple(units)
        self.output_kind = output
        self.embedding_units = embedding_units
        self.chord_units = chord_units
        self.pitch_units = pitch_units
        self.lookback = tuple(lookback)
        self.dropout = dropout
        self.embedding = keras.layers.Dense(embedding_units, name="embedding")
        self.stack = RecurrentStack(cell, self.units, dropout, name="stack")
        self.head: Any = (
            PitchDecoder(pitch_units, dropout, name="pitches")
            if output == "sigmoid"
            else ChordDecoder(chord_units, dropout, name="chords")
        )

    def build(self, input_shape: Tensor = None) -> None:
        """Creates all weights; the shapes follow from the configuration alone."""
        del input_shape
        features = PITCHES * (1 + len(self.lookback))
        self.embedding.build((None, None, features))
        self.stack.build((None, None, self.embedding_units))
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
        """Returns what is known of the past when each frame is predicted."""
        seen = [frames[:, :-1]]
        for distance in self.lookback:
            late = ops.pad(frames[:, 1:], [[0, 0], [distance, 0], [0, 0]])
            seen.append(late[:, :-distance])
        return ops.concatenate(seen, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "cell": self.cell,
            "units": self.units,
            "output": self.output_kind,
            "embedding_units": self.embedding_units,
            "chord_units": self.chord_units,
            "pitch_units": self.pitch_units,
            "lookback": self.lookback,
            "dropout": self.dropout,
        }
