"""The network for music on a grid, one event a step: melodies and drums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from magenta_bridge.models.lookback import LOOKBACK_BARS, LookbackFeatures
from magenta_bridge.models.recurrent import RecurrentStack
from magenta_bridge.models.tensor import State, Tensor, scattered


class GridNetwork(keras.Model):
    """Predicts the next event on a grid from all events before it.

    Recurrent layers read the embedded last event with its lookback features. The output is a
    softmax over events to whose logits the events one, two, four and eight bars ago are added
    with learned gates, so that an exact repeat is one decision and not a feat of memory.

    Args:
        event_ids: Events to choose from.
        input_ids: Ids that can be fed: events, one start id per meter, one padding id.
        bar_steps: Steps in a bar, for each meter.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the event embedding.
        dropout: Share of features dropped between layers while training, 0..1.
        attention_steps: How many earlier outputs are attended to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)``, ``history (batch, history_steps)``,
            ``meter (batch,)`` and ``position (batch,)``, all int32; see ``LookbackFeatures``.

    Returns:
        Logits ``(batch, steps, event_ids)``.
    """

    cell: ClassVar[str]

    def __init__(
        self,
        event_ids: int,
        input_ids: int,
        bar_steps: Sequence[int],
        *,
        units: Sequence[int] = (192, 192),
        embedding_units: int = 64,
        dropout: float = 0.3,
        attention_steps: int = 0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        # === Config ===
        self.event_ids = event_ids
        self.input_ids = input_ids
        self.bar_steps = tuple(bar_steps)
        self.units = tuple(units)
        self.embedding_units = embedding_units
        self.dropout = dropout
        self.attention_steps = attention_steps
        # === Layers ===
        self.features = LookbackFeatures(
            event_ids, input_ids, self.bar_steps, embedding_units, name="features"
        )
        self.stack = RecurrentStack(self.cell, self.units, dropout, attention_steps, name="stack")
        self.logits = keras.layers.Dense(event_ids, name="logits")
        self.gates = keras.layers.Dense(len(LOOKBACK_BARS), name="gates")

    def build(self, input_shape: Tensor = None) -> None:
        """Creates all weights; the shapes follow from the configuration alone."""
        del input_shape
        half = self.embedding_units // 2
        width = self.embedding_units + half + len(LOOKBACK_BARS) * (half + 1)
        self.features.build()
        self.stack.build((None, None, width))
        self.logits.build((None, None, self.stack.width))
        self.gates.build((None, None, self.stack.width))
        self.built = True

    # === Full pass ===

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Computes the logits of every step of a window; see the class."""
        hidden, past = self.features(
            inputs["ids"], inputs["history"], inputs["meter"], inputs["position"]
        )
        return self._read_out(self.stack(hidden, training=training), past)

    def _read_out(self, hidden: Tensor, past: Tensor) -> Tensor:
        copies = ops.one_hot(past, self.event_ids, dtype=hidden.dtype)
        gates = ops.expand_dims(self.gates(hidden), -1)
        return self.logits(hidden) + ops.sum(gates * copies, axis=-2)

    # === One step ===

    def initial_state(self, batch: int) -> State:
        """Returns the state before the first id.

        All zeros, so that a runtime needs no table of beginnings; the start id that must come
        first fills the history with padding. The list holds ``history (batch, history_steps)``
        and ``place (batch,)`` (meter index times the longest bar, plus the place in the bar of
        the event to come), both int32, then the memory of the recurrent layers.
        """
        history = ops.zeros((batch, self.features.history_steps), dtype="int32")
        place = ops.zeros((batch,), dtype="int32")
        return [history, place, *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Feeds one id and predicts the next.

        Args:
            ids: ``(batch,)`` int32; a start id sets the meter and begins a bar.
            state: As ``initial_state`` or the last step returned it.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        history, place, *memory = state
        features, past, history, place = self.features.step(ids, history, place)
        hidden, memory = self.stack.step(features, memory)
        copies = scattered(past, self.gates(hidden), self.input_ids)[:, : self.event_ids]
        return self.logits(hidden) + copies, [history, place, *memory]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "event_ids": self.event_ids,
            "input_ids": self.input_ids,
            "bar_steps": self.bar_steps,
            "units": self.units,
            "embedding_units": self.embedding_units,
            "dropout": self.dropout,
            "attention_steps": self.attention_steps,
        }
