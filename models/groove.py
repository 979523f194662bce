"""The network for drum performances: hits with velocity and timing, one after another.

Like ``models.grid`` it looks one, two, four, and eight bars back. A hit never has quite the
loudness and timing of the one it repeats, so that only its kind is copied to the logits.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from magenta_bridge.encodings import groove
from magenta_bridge.encodings.drums import CLASSES
from magenta_bridge.encodings.groove import KEYS_PER_TICK, LOOKBACK_BARS, REMEMBERED_HITS
from magenta_bridge.models.recurrent import StepNetwork
from magenta_bridge.models.tensor import State, Tensor, along, rows, scattered

DRUMS = len(CLASSES)
# A tick before all others.
_NEVER = -(2**26)


class GrooveNetwork(StepNetwork):
    """Predict the next hit or time shift from all before it.

    Recurrent layers read the last event, the place in the bar, the share of each drum among the
    last hits, and the events that came next one, two, four, and eight bars ago; the kinds of those
    are added to the logits with learned gates.

    Args:
        event_ids: Number of events of ``encodings.groove``.
        input_ids: Number of input ids: events, a start id per meter, a padding id.
        bar_steps: Sixteenths in a bar, for each meter.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the event embedding.
        dropout: Share of features dropped between layers in training, 0..1.
        attention_steps: Number of earlier outputs to attend to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)``, ``past`` and ``repeats (batch, steps, 4)`` (the
            events of earlier bars, and whether the id is of the kind they had suggested),
            ``usage (batch, steps, 9)``: shares of the drums, and ``place (batch, steps)``: meter
            times the longest bar, plus the tick in the bar.

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
        self.bar_ticks = np.asarray(self.bar_steps, dtype=np.int32) * groove.TICKS_PER_STEP
        half = embedding_units // 2
        self.event_embedding = keras.layers.Embedding(input_ids, embedding_units, name="event")
        self.past_embedding = keras.layers.Embedding(input_ids, half, name="past")
        self.place_embedding = keras.layers.Embedding(
            len(self.bar_ticks) * int(max(self.bar_ticks)), half, name="place"
        )
        self._add_layers(gates=len(LOOKBACK_BARS))

    def build(self, input_shape: Tensor = None) -> None:
        """Create all weights."""
        del input_shape
        for embedding in (self.event_embedding, self.past_embedding, self.place_embedding):
            embedding.build(None)
        half = self.embedding_units // 2
        self._build_layers(self.embedding_units + half + len(LOOKBACK_BARS) * (half + 1) + DRUMS)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Compute the logits of every step of a window."""
        past = inputs["past"]
        looked_back = self.past_embedding(past)
        shape = ops.shape(past)
        width = len(LOOKBACK_BARS) * (self.embedding_units // 2)
        parts = [
            self.event_embedding(inputs["ids"]),
            self.place_embedding(inputs["place"]),
            ops.reshape(looked_back, (shape[0], shape[1], width)),
            ops.cast(inputs["repeats"], "float32"),
            inputs["usage"],
        ]
        hidden = self.stack(ops.concatenate(parts, axis=-1), training=training)
        kinds = ops.one_hot(rows(groove.KINDS, past), groove.NO_KIND + 1, dtype=hidden.dtype)
        copies = ops.sum(ops.expand_dims(self.gates(hidden), -1) * kinds, axis=-2)
        return self.logits(hidden) + ops.take(copies, groove.KINDS[: self.event_ids], axis=-1)

    def initial_state(self, batch: int) -> State:
        """Return the state before the first id, all zeros.

        The start id that must come first clears the hits. The list contains the last hits
        ``(batch, 256)``, their ticks and their events, latest last; how many of them are of each
        drum ``(batch, 9)``; the events suggested for the next id ``(batch, 4)``; and ``clock
        (batch, 2)`` (meter index, tick), all int32; then the memory of the recurrent layers.
        """
        hits = ops.zeros((batch, REMEMBERED_HITS), dtype="int32")
        counts = ops.zeros((batch, DRUMS), dtype="int32")
        past = ops.zeros((batch, len(LOOKBACK_BARS)), dtype="int32")
        clock = ops.zeros((batch, 2), dtype="int32")
        return [hits, hits, counts, past, clock, *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one id and predict the next.

        Args:
            ids: ``(batch,)`` int32; a start id sets the meter and begins a bar.
            state: From ``initial_state`` or the last step.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        ticks, events, counts, suggested, clock, *memory = state
        begins = ids >= self.event_ids
        meter = ops.where(begins, ids - self.event_ids, clock[:, 0])
        bar = rows(self.bar_ticks, meter)
        lengths = np.append(groove.LENGTHS, np.zeros(self.input_ids - self.event_ids, np.int32))
        tick = ops.where(begins, ops.zeros_like(ids), clock[:, 1] + rows(lengths, ids))
        kind = ops.expand_dims(rows(groove.KINDS, ids), 1)
        repeats = ops.cast(ops.equal(rows(groove.KINDS, suggested), kind), "float32")
        repeats = ops.where(ops.expand_dims(begins, 1), ops.zeros_like(repeats), repeats)
        counts = self._count(ids, kind, ticks, events, counts)
        ticks, events = self._remember(ids, tick, ticks, events)
        past = self._look_back(ids, tick, bar, ticks, events)
        place = meter * int(max(self.bar_ticks)) + tick % bar
        looked_back = rows(self.past_embedding.embeddings, past)
        total = ops.cast(ops.sum(counts, axis=1, keepdims=True), "float32")
        parts = [
            rows(self.event_embedding.embeddings, ids),
            rows(self.place_embedding.embeddings, place),
            ops.reshape(looked_back, (-1, len(LOOKBACK_BARS) * (self.embedding_units // 2))),
            repeats,
            ops.cast(counts, "float32") / ops.maximum(total, 1.0),
        ]
        hidden, memory = self.stack.step(ops.concatenate(parts, axis=1), memory)
        copies = scattered(rows(groove.KINDS, past), self.gates(hidden), groove.NO_KIND + 1)
        logits = self.logits(hidden) + ops.take(copies, groove.KINDS[: self.event_ids], axis=1)
        return logits, [ticks, events, counts, past, ops.stack([meter, tick], axis=1), *memory]

    def _count(
        self, ids: Tensor, kind: Tensor, ticks: Tensor, events: Tensor, counts: Tensor
    ) -> Tensor:
        """Count a hit, and no longer the one that it displaces; a start id begins again."""
        drums = np.arange(DRUMS, dtype=np.int32)
        column = ops.expand_dims(ids, 1)
        oldest, _ = ops.split(events, [1], axis=1)
        when, _ = ops.split(ticks, [1], axis=1)
        gone = ops.logical_and(column < groove.SHIFT, when > _NEVER)
        gone = ops.logical_and(gone, ops.equal(rows(groove.KINDS, oldest), drums))
        counts = counts + ops.cast(ops.equal(kind, drums), "int32") - ops.cast(gone, "int32")
        return ops.where(column >= self.event_ids, ops.zeros_like(counts), counts)

    def _remember(
        self, ids: Tensor, tick: Tensor, ticks: Tensor, events: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Append a hit to the last hits; a start id forgets them."""
        column = ops.expand_dims(ids, 1)
        begins, struck = column >= self.event_ids, column < groove.SHIFT
        kept = ops.arange(REMEMBERED_HITS, dtype="int32") + ops.cast(struck, "int32")
        ticks = along(ops.concatenate([ticks, ops.expand_dims(tick, 1)], axis=1), kept)
        events = along(ops.concatenate([events, column], axis=1), kept)
        return (
            ops.where(begins, ops.full_like(ticks, _NEVER), ticks),
            ops.where(begins, ops.zeros_like(events), events),
        )

    def _look_back(
        self, ids: Tensor, tick: Tensor, bar: Tensor, ticks: Tensor, events: Tensor
    ) -> Tensor:
        """Return what came next in earlier bars; see ``data.groove.past_events``."""
        ago = ops.expand_dims(bar, 1) * np.asarray(LOOKBACK_BARS, dtype=np.int32)
        then = ops.expand_dims(tick, 1) - ago
        kind = rows(groove.KINDS, ids)
        last = ops.expand_dims(ops.where(ids < groove.SHIFT, kind, ops.full_like(kind, -1)), 1)
        keys = ops.expand_dims(ticks * KEYS_PER_TICK + rows(groove.KINDS, events), 1)
        before = keys <= ops.expand_dims(then * KEYS_PER_TICK + last, 2)
        found = ops.sum(ops.cast(before, "int32"), axis=2)
        known = ops.logical_and(then >= 0, ops.logical_and(found > 0, found < REMEMBERED_HITS))
        found = ops.minimum(found, REMEMBERED_HITS - 1)
        gaps = along(ticks, found) - then
        shifts = groove.SHIFT - 1 + ops.minimum(gaps, groove.LONGEST_SHIFT)
        events = ops.where(gaps > 0, shifts, along(events, found))
        return ops.where(known, events, ops.full_like(events, groove.PAD))
