"""What a melody network sees besides the last event: bars ago, place in the bar, meter.

Folk tunes repeat one, two, four and eight bars back. Magenta's lookback RNN (Waite, "Generating
Long-Term Structure in Songs and Stories", 2016) feeds the events one and two bars ago and
whether the last event repeated them; here the distances are measured in bars of the piece's own
meter and reach eight bars.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from magenta_bridge.models.tensor import Tensor, along, rows

LOOKBACK_BARS = (1, 2, 4, 8)


class LookbackFeatures(keras.layers.Layer):
    """Embeds a window of event ids together with its metrical and repetition context.

    Args:
        event_ids: Ids that are events; from here to ``input_ids`` they only mark beginnings.
        input_ids: Ids there are in all.
        bar_steps: Length of a bar in steps, for each meter.
        embedding_units: Width of the event embedding; the lookbacks share a half as wide one.
    """

    def __init__(
        self,
        event_ids: int,
        input_ids: int,
        bar_steps: tuple[int, ...],
        embedding_units: int = 64,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.event_ids = event_ids
        self.input_ids = input_ids
        self.bar_steps = tuple(bar_steps)
        self.embedding_units = embedding_units
        self.history_steps = max(bar_steps) * max(LOOKBACK_BARS)
        self.event_embedding = keras.layers.Embedding(input_ids, embedding_units, name="event")
        self.past_embedding = keras.layers.Embedding(input_ids, embedding_units // 2, name="past")
        self.place_embedding = keras.layers.Embedding(
            len(bar_steps) * max(bar_steps), embedding_units // 2, name="place"
        )

        self._next_place, self._first_place, self._sources = self._place_tables()

    def _place_tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """Returns what follows from a place, so that a step looks it up and need not compute it.

        A place is the meter's index times the longest bar, plus the step within the bar.

        Returns:
            The place after each place; the place that each input id begins at; and where in
            ``history`` and the last id behind it stand the events one, two, four and eight bars
            before the event to predict, and those before them.
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
        """Creates the embedding tables; their shapes follow from the configuration alone."""
        del input_shape
        for embedding in (self.event_embedding, self.past_embedding, self.place_embedding):
            embedding.build(None)
        self.built = True

    def call(
        self, ids: Tensor, history: Tensor, meter: Tensor, position: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Computes the features for predicting the event after each id.

        Args:
            ids: Last events, ``(batch, steps)``.
            history: The events before them, ``(batch, history_steps)``, ``input_ids - 1`` where
                there were none.
            meter: Index of the meter, ``(batch,)``.
            position: Place in the bar of the event to predict first, ``(batch,)`` steps.

        Returns:
            Features ``(batch, steps, width)`` and the events one, two, four, eight bars before
            the one to predict, ``(batch, steps, len(LOOKBACK_BARS))``.
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
        """Computes the features for predicting the event after one id; ``call`` of one step.

        Args:
            ids: Last events, ``(batch,)``; a start id begins a bar of its meter.
            history: The events before them, ``(batch, history_steps)``.
            place: Place of the last events, ``(batch,)``; see ``_place_tables``.

        Returns:
            Features ``(batch, width)``, the events one, two, four and eight bars before the one
            to predict ``(batch, len(LOOKBACK_BARS))``, and the next history and place.
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

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "event_ids": self.event_ids,
            "input_ids": self.input_ids,
            "bar_steps": self.bar_steps,
            "embedding_units": self.embedding_units,
        }
