"""The network for streams of tokens without a grid: expressive playing."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from magenta_bridge.encodings.performance import NOTE_OFF, NOTE_ON, PITCHES
from magenta_bridge.models.recurrent import StepNetwork
from magenta_bridge.models.tensor import State, Tensor

# Logit of an impossible token; its probability is below 1e-8.
_IMPOSSIBLE = -20.0


class StreamNetwork(StepNetwork):
    """Predict the next token of a stream from all tokens before it.

    The network of Performance RNN (Oore et al. 2018, section 4) with an embedding before its
    recurrent layers. It also reads which pitches sound, and cannot end a silent pitch or begin a
    sounding one.

    Args:
        event_ids: Number of tokens.
        input_ids: Number of input ids: tokens, a start id, a padding id.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the token embedding.
        dropout: Share of features dropped between layers in training, 0..1.
        attention_steps: Number of earlier outputs to attend to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)`` and ``sounding (batch, 128)``, both int32: 1 for
            each pitch that sounds before the first id, else 0.

    Returns:
        Logits ``(batch, steps, event_ids)``.
    """

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
        self._configure(
            event_ids=event_ids, input_ids=input_ids, units=units,
            embedding_units=embedding_units, dropout=dropout, attention_steps=attention_steps,
        )  # fmt: skip
        self.embedding = keras.layers.Embedding(input_ids, embedding_units, name="embedding")
        self._add_layers()

    def build(self, input_shape: Tensor = None) -> None:
        """Create all weights."""
        del input_shape
        self.embedding.build((None, None))
        self._build_layers(self.embedding_units + PITCHES)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Compute the logits of every step of a window."""
        ids = inputs["ids"]
        sounding = ops.expand_dims(inputs["sounding"], 1) + ops.cumsum(_changes(ids), axis=1)
        features = self._features(ids, sounding)
        return self._read_out(self.stack(features, training=training), sounding)

    def _features(self, ids: Tensor, sounding: Tensor) -> Tensor:
        embedded = self.embedding(ids)
        return ops.concatenate([embedded, ops.cast(sounding, embedded.dtype)], axis=-1)

    def _read_out(self, hidden: Tensor, sounding: Tensor) -> Tensor:
        logits = self.logits(hidden)
        sounds = sounding > 0
        rest = ops.zeros_like(logits[..., 2 * PITCHES :], dtype="bool")
        impossible = ops.concatenate([sounds, ops.logical_not(sounds), rest], axis=-1)
        return ops.where(impossible, ops.full_like(logits, _IMPOSSIBLE), logits)

    def initial_state(self, batch: int) -> State:
        """Return zeros: ``sounding (batch, 128)`` int32, then the recurrent layers' memory."""
        return [ops.zeros((batch, PITCHES), dtype="int32"), *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one id and predict the next.

        Args:
            ids: ``(batch,)`` int32; a start id silences all pitches.
            state: From ``initial_state`` or the last step.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        sounding, *memory = state
        begins = ops.expand_dims(ids >= self.event_ids, 1)
        sounding = ops.where(begins, ops.zeros_like(sounding), sounding + _changes(ids))
        hidden, new_memory = self.stack.step(self._features(ids, sounding), memory)
        return self._read_out(hidden, sounding), [sounding, *new_memory]


def _changes(ids: Tensor) -> Tensor:
    """Return 1 where an id begins a pitch, -1 where it ends one: ``(..., 128)`` int32."""
    pitches = ops.arange(PITCHES, dtype="int32")
    column = ops.expand_dims(ids, -1)
    begun = ops.cast(column == pitches + NOTE_ON, "int32")
    return begun - ops.cast(column == pitches + NOTE_OFF, "int32")
