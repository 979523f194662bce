"""The network for streams of tokens without a grid: expressive playing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from magenta_bridge.encodings.performance import NOTE_OFF, NOTE_ON, PITCHES
from magenta_bridge.models.recurrent import RecurrentStack
from magenta_bridge.models.tensor import State, Tensor

# Logit of what cannot come; its share of a softmax is below one in a hundred million.
_IMPOSSIBLE = -20.0


class StreamNetwork(keras.Model):
    """Predicts the next token of a stream from all tokens before it.

    The network of Performance RNN (Oore et al. 2018, section 4) with an embedding before its
    recurrent layers, and also see which pitches sound: these are read with each token, and
    the end of a silent pitch or the beginning of a sounding one is impossible. What must be
    remembered for seconds until a note ends is so no feat of memory.

    Args:
        event_ids: Tokens to choose from.
        input_ids: Tokens that can be fed: events, a start id, a padding id.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the token embedding.
        dropout: Share of features dropped between layers while training, 0..1.
        attention_steps: How many earlier outputs are attended to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)`` and ``sounding (batch, 128)``, both int32: 1 for
            each pitch that sounds before the first id, else 0.

    Returns:
        Logits ``(batch, steps, event_ids)``.
    """

    cell: ClassVar[str]

    def __init__(
        self,
        event_ids: int,
        input_ids: int,
        *,
        units: Sequence[int] = (256, 256),
        embedding_units: int = 128,
        dropout: float = 0.1,
        attention_steps: int = 0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        # === Config ===
        self.event_ids = event_ids
        self.input_ids = input_ids
        self.units = tuple(units)
        self.embedding_units = embedding_units
        self.dropout = dropout
        self.attention_steps = attention_steps
        # === Layers ===
        self.embedding = keras.layers.Embedding(input_ids, embedding_units, name="embedding")
        self.stack = RecurrentStack(self.cell, self.units, dropout, attention_steps, name="stack")
        self.logits = keras.layers.Dense(event_ids, name="logits")

    def build(self, input_shape: Tensor = None) -> None:
        """Creates all weights; the shapes follow from the configuration alone."""
        del input_shape
        self.embedding.build((None, None))
        self.stack.build((None, None, self.embedding_units + PITCHES))
        self.logits.build((None, None, self.stack.width))
        self.built = True

    # === Full pass ===

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Computes the logits of every step of a window; see the class."""
        ids = inputs["ids"]
        sounding = ops.expand_dims(inputs["sounding"], 1) + ops.cumsum(_changes(ids), axis=1)
        features = self._features(ids, sounding)
        return self._read_out(self.stack(features, training=training), sounding)

    def _features(self, ids: Tensor, sounding: Tensor) -> Tensor:
        embedded = self.embedding(ids)
        return ops.concatenate([embedded, ops.cast(sounding, embedded.dtype)], axis=-1)

    def _read_out(self, hidden: Tensor, sounding: Tensor) -> Tensor:
        logits = self.logits(hidden)
        heard = sounding > 0
        rest = ops.zeros_like(logits[..., 2 * PITCHES :], dtype="bool")
        impossible = ops.concatenate([heard, ops.logical_not(heard), rest], axis=-1)
        return ops.where(impossible, ops.full_like(logits, _IMPOSSIBLE), logits)

    # === One step ===

    def initial_state(self, batch: int) -> State:
        """Returns the state before the first id, all zeros.

        The list holds ``sounding (batch, 128)`` int32, then the memory of the recurrent layers.
        """
        return [ops.zeros((batch, PITCHES), dtype="int32"), *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Feeds one id and predicts the next.

        Args:
            ids: ``(batch,)`` int32; a start id silences all pitches.
            state: As ``initial_state`` or the last step returned it.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        sounding, *memory = state
        begins = ops.expand_dims(ids >= self.event_ids, 1)
        sounding = ops.where(begins, ops.zeros_like(sounding), sounding + _changes(ids))
        hidden, new_memory = self.stack.step(self._features(ids, sounding), memory)
        return self._read_out(hidden, sounding), [sounding, *new_memory]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "event_ids": self.event_ids,
            "input_ids": self.input_ids,
            "units": self.units,
            "embedding_units": self.embedding_units,
            "dropout": self.dropout,
            "attention_steps": self.attention_steps,
        }


def _changes(ids: Tensor) -> Tensor:
    """Returns 1 where an id begins a pitch, -1 where it ends one: ``(..., 128)`` int32."""
    pitches = ops.arange(PITCHES, dtype="int32")
    column = ops.expand_dims(ids, -1)
    begun = ops.cast(column == pitches + NOTE_ON, "int32")
    return begun - ops.cast(column == pitches + NOTE_OFF, "int32")
