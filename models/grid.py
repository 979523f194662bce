"""The network for music on a grid, one event per step: melodies and drums.

Folk tunes repeat one, two, four, and eight bars back. Magenta's lookback RNN (Waite, "Generating
Long-Term Structure in Songs and Stories", 2016) reads the events one and two bars ago and whether
the last event repeated them. Here a bar is one of the piece's meter, and lookback reaches eight
bars.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from magenta_bridge.models.recurrent import StepNetwork
from magenta_bridge.models.tensor import State, Tensor, along, rows, scattered

LOOKBACK_BARS = (1, 2, 4, 8)


class LookbackFeatures(keras.layers.Layer):
    """Embed a window of event ids with its place in the bar and its repetitions.

    Args:
        event_ids: Number of events; the ids from here to ``input_ids`` are start ids and padding.
        input_ids: Number of ids.
        bar_steps: Length of a bar in steps, for each meter.
        embedding_units: Width of the event embedding; the lookbacks share one of half the width.
    """

    def __init__(
        self,
        event_ids: int,
        input_ids: int,
        bar_steps: tuple[int, ...],
        embedding_units: int,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.event_ids, self.input_ids = event_ids, input_ids
        self.bar_steps, self.embedding_units = bar_steps, embedding_units
        self.history_steps = max(bar_steps) * max(LOOKBACK_BARS)
        self.event_embedding = keras.layers.Embedding(input_ids, embedding_units, name="event")
        self.past_embedding = keras.layers.Embedding(input_ids, embedding_units // 2, name="past")
        self.place_embedding = keras.layers.Embedding(
            len(bar_steps) * max(bar_steps), embedding_units // 2, name="place"
        )

        self._next_place, self._first_place, self._sources = self._place_tables()

    def _place_tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the tables that a step looks up.

        A place is the meter's index times the longest bar, plus the step within the bar.

        Returns:
            The place after each place; the place at which each input id begins; and the indices,
            in ``history`` followed by the last id, of the events one, two, four, and eight bars
            before the event to predict, and of those before them.
        """
        longest = max(self.bar_steps)
        bar = np.repeat(np.asarray(self.bar_steps, dtype=np.int32), longest)
        meter = np.repeat(np.arange(len(self.bar_steps), dtype=np.int32), longest)
        within = np.tile(np.arange(longest, dtype=np.int32), len(self.bar_steps))
        first = np.zeros(self.input_ids, dtype=np.int32)
        first[self.event_ids : self.event_ids + len(self.bar_steps)] = longest * np.arange(
            len(self.bar_steps)
        )
        before = self.history_steps - bar[:, np.newaxis] * np.asarray(LOOKBACK_BARS, np.int32)
        return (
            (meter * longest + (within + 1) % bar).astype(np.int32),
            first,
            np.concatenate([before + 1, before], axis=1).astype(np.int32),
        )

    def build(self, input_shape: Tensor = None) -> None:
        """Create the embedding tables."""
        del input_shape
        for embedding in (self.event_embedding, self.past_embedding, self.place_embedding):
            embedding.build(None)
        self.built = True

    def call(
        self, ids: Tensor, history: Tensor, meter: Tensor, position: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compute the features for predicting the event after each id.

        Args:
            ids: Last events, ``(batch, steps)``.
            history: The events before them, ``(batch, history_steps)``; ``input_ids - 1`` pads.
            meter: Index of the meter, ``(batch,)``.
            position: Place in the bar of the event to predict first, ``(batch,)`` steps.

        Returns:
            Features ``(batch, steps, width)``, and the events one, two, four, and eight bars
            before the one to predict, ``(batch, steps, len(LOOKBACK_BARS))``.
        """
        steps = ops.shape(ids)[1]
        window = ops.concatenate([history, ids], axis=1)
        bar = ops.take(ops.convert_to_tensor(self.bar_steps, dtype="int32"), meter, axis=0)
        now = ops.expand_dims(ops.arange(steps, dtype="int32"), 0)  # (1, steps)
        place = (ops.expand_dims(position, 1) + now) % ops.expand_dims(bar, 1)
        past, repeats = [], []
        for bars in LOOKBACK_BARS:
            source = self.history_steps + now - bars * ops.expand_dims(bar, 1)  # (batch, steps)
            past.append(ops.take_along_axis(window, source + 1, axis=1))
            before = ops.take_along_axis(window, source, axis=1)
            repeats.append(ops.cast(ops.equal(before, ids), "float32"))
        past_ids = ops.stack(past, axis=-1)
        row = ops.expand_dims(meter, 1) * max(self.bar_steps)
        parts = [
            self.event_embedding(ids),
            self.place_embedding(row + place),
            *(self.past_embedding(column) for column in past),
            ops.stack(repeats, axis=-1),
        ]
        return ops.concatenate(parts, axis=-1), past_ids

    def step(
        self, ids: Tensor, history: Tensor, place: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Compute ``call`` for one step.

        Args:
            ids: Last events, ``(batch,)``; a start id begins a bar of its meter.
            history: The events before them, ``(batch, history_steps)``.
            place: Place of the last events, ``(batch,)``; see ``_place_tables``.

        Returns:
            Features ``(batch, width)``, past events ``(batch, len(LOOKBACK_BARS))``, and the next
            history and place.
        """
        begins = ids >= self.event_ids
        place = ops.where(begins, rows(self._first_place, ids), rows(self._next_place, place))
        column = ops.expand_dims(ids, 1)
        history = ops.where(ops.expand_dims(begins, 1), self.input_ids - 1, history)
        window = ops.concatenate([history, column], axis=1)
        past, before = ops.split(along(window, rows(self._sources, place)), 2, axis=1)
        repeats = ops.cast(ops.equal(before, column), "float32")
        looked_back = rows(self.past_embedding.embeddings, past)
        parts = [
            rows(self.event_embedding.embeddings, ids),
            rows(self.place_embedding.embeddings, place),
            ops.reshape(looked_back, (-1, len(LOOKBACK_BARS) * (self.embedding_units // 2))),
            repeats,
        ]
        # A split copies whole rows, which a slice does not.
        _, history = ops.split(window, [1], axis=1)
        return ops.concatenate(parts, axis=1), past, history, place


class GridNetwork(StepNetwork):
    """Predict the next event on a grid from all events before it.

    Recurrent layers read the embedded last event with its lookback features. The events one, two,
    four, and eight bars ago are added to the logits with learned gates, so that an exact repeat
    is one decision.

    Args:
        event_ids: Number of events.
        input_ids: Number of input ids: events, a start id per meter, a padding id.
        bar_steps: Steps in a bar, for each meter.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the event embedding.
        dropout: Share of features dropped between layers in training, 0..1.
        attention_steps: Number of earlier outputs to attend to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)``, ``history (batch, history_steps)``,
            ``meter (batch,)`` and ``position (batch,)``, all int32; see ``LookbackFeatures``.

    Returns:
        Logits ``(batch, steps, event_ids)``.
    """

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
        self._configure(
            event_ids=event_ids, input_ids=input_ids, bar_steps=bar_steps, units=units,
            embedding_units=embedding_units, dropout=dropout, attention_steps=attention_steps,
        )  # fmt: skip
        self.features = LookbackFeatures(
            event_ids, input_ids, self.bar_steps, embedding_units, name="features"
        )
        self._add_layers(gates=len(LOOKBACK_BARS))

    def build(self, input_shape: Tensor = None) -> None:
        """Create all weights."""
        del input_shape
        half = self.embedding_units // 2
        self.features.build()
        self._build_layers(self.embedding_units + half + len(LOOKBACK_BARS) * (half + 1))

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Compute the logits of every step of a window."""
        hidden, past = self.features(
            inputs["ids"], inputs["history"], inputs["meter"], inputs["position"]
        )
        hidden = self.stack(hidden, training=training)
        return self._gated(hidden, ops.one_hot(past, self.event_ids, dtype=hidden.dtype))

    def initial_state(self, batch: int) -> State:
        """Return the state before the first id, all zeros.

        The start id that must come first fills the history with padding. The list contains
        ``history (batch, history_steps)`` and ``place (batch,)`` of the next event, both int32,
        then the memory of the recurrent layers.
        """
        history = ops.zeros((batch, self.features.history_steps), dtype="int32")
        place = ops.zeros((batch,), dtype="int32")
        return [history, place, *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one id and predict the next.

        Args:
            ids: ``(batch,)`` int32; a start id sets the meter and begins a bar.
            state: From ``initial_state`` or the last step.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        history, place, *memory = state
        features, past, history, place = self.features.step(ids, history, place)
        hidden, memory = self.stack.step(features, memory)
        copies = scattered(past, self.gates(hidden), self.input_ids)[:, : self.event_ids]
        return self.logits(hidden) + copies, [history, place, *memory]
