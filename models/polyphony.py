"""The network for several voices: pitches in ascending order, frame after frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from magenta_bridge.encodings import polyphony
from magenta_bridge.models.polyphony_context import COPIES, PITCHES, FrameContext
from magenta_bridge.models.recurrent import RecurrentStack
from magenta_bridge.models.tensor import State, Tensor, along

_NEVER = -1e4


class FrameNetwork(keras.Model):
    """Predicts the next id of music in several voices from all ids before it.

    Recurrent layers read the embedded last id with the frame before, the frame one bar ago and
    the place in the bar. The output is a softmax over ids to whose logits suggestions copied
    from those frames are added with learned gates; ids that break the order of a frame get none.

    Args:
        event_ids: Events to choose from: those of ``encodings.polyphony``.
        input_ids: Ids that can be fed: events, one start id per meter, one padding id.
        bar_steps: Frames in a bar, for each meter.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the id's embedding.
        frame_units: Width to which the two frames are condensed.
        dropout: Share of features dropped between layers while training, 0..1.
        attention_steps: How many earlier outputs are attended to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)`` int32, ``before`` and ``ago``
            ``(batch, steps, 128)`` uint8, ``place (batch, steps)`` int32; see ``FrameContext``.

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
        frame_units: int = 96,
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
        self.frame_units = frame_units
        self.dropout = dropout
        self.attention_steps = attention_steps
        # === Layers ===
        self.longest_bar = max(self.bar_steps)
        self.context = FrameContext(
            input_ids, len(self.bar_steps), self.longest_bar, embedding_units, frame_units,
            name="context",
        )  # fmt: skip
        self.stack = RecurrentStack(self.cell, self.units, dropout, attention_steps, name="stack")
        self.logits = keras.layers.Dense(event_ids, name="logits")
        self.gates = keras.layers.Dense(COPIES, name="gates")

    def build(self, input_shape: Tensor = None) -> None:
        """Creates all weights; the shapes follow from the configuration alone."""
        del input_shape
        self.context.build()
        self.stack.build((None, None, self.context.width))
        self.logits.build((None, None, self.stack.width))
        self.gates.build((None, None, self.stack.width))
        self.built = True

    # === Full pass ===

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Computes the logits of every step of a window; see the class."""
        features, can_come, copies = self.context(
            inputs["ids"], inputs["before"], inputs["ago"], inputs["place"]
        )
        return self._read_out(self.stack(features, training=training), can_come, copies)

    def _read_out(self, hidden: Tensor, can_come: Tensor, copies: Tensor) -> Tensor:
        gates = ops.expand_dims(self.gates(hidden), -1)
        logits = self.logits(hidden) + ops.sum(gates * copies, axis=-2)
        return ops.where(can_come > 0.5, logits, ops.full_like(logits, _NEVER))

    # === One step ===

    def initial_state(self, batch: int) -> State:
        """Returns the state before the first id.

        All zeros, so that a runtime needs no table of beginnings. The list holds the frames of
        the last bar ``(batch, longest_bar, 128)``, latest last, the frame under way
        ``(batch, 128)``, and ``clock (batch, 2)`` (meter index, place of the frame under way in
        its bar), all int32, then the memory of the recurrent layers.
        """
        frames = ops.zeros((batch, self.longest_bar, PITCHES), dtype="int32")
        under_way = ops.zeros((batch, PITCHES), dtype="int32")
        clock = ops.zeros((batch, 2), dtype="int32")
        return [frames, under_way, clock, *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Feeds one id and predicts the next.

        Args:
            ids: ``(batch,)`` int32; a start id sets the meter and begins a bar.
            state: As ``initial_state`` or the last step returned it.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        frames, under_way, clock, *memory = state
        frames, under_way = self._write(ids, frames, under_way)
        meter, place, bar = self._advance(ids, clock)
        latest = ops.full_like(bar, self.longest_bar - 1)
        seen = along(frames, ops.stack([latest, self.longest_bar - bar], axis=1))
        before, ago = ops.split(seen, 2, axis=1)
        features, can_come, copies = self.context(
            ops.expand_dims(ids, 1),
            before,
            ago,
            ops.expand_dims(meter * self.longest_bar + place, 1),
        )
        features, can_come, copies = (
            ops.squeeze(each, axis=1) for each in (features, can_come, copies)
        )
        hidden, new_memory = self.stack.step(features, memory)
        logits = self._read_out(hidden, can_come, copies)
        return logits, [frames, under_way, ops.stack([meter, place], axis=1), *new_memory]

    def _write(self, ids: Tensor, frames: Tensor, under_way: Tensor) -> tuple[Tensor, Tensor]:
        """Adds an id to the frame under way; an END closes it, a start id forgets everything."""
        column = ops.expand_dims(ids, 1)
        begins, closes = column >= self.event_ids, column == polyphony.END
        struck = ops.one_hot(ids - polyphony.NEW, PITCHES, dtype="int32")
        held = ops.one_hot(ids - polyphony.HELD, PITCHES, dtype="int32")
        silence = ops.zeros_like(under_way)
        written = under_way + polyphony.BEGINS * struck + polyphony.SOUNDS_ON * held
        # Rows are looked up and not computed, which in an exported program costs less.
        rows = ops.concatenate(
            [frames, *(ops.expand_dims(row, 1) for row in (under_way, silence))], axis=1
        )
        kept = ops.arange(self.longest_bar, dtype="int32") + ops.cast(closes, "int32")
        frames = along(rows, ops.where(begins, self.longest_bar + 1, kept))
        return frames, ops.where(ops.logical_or(begins, closes), silence, written)

    def _advance(self, ids: Tensor, clock: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        begins = ids >= self.event_ids
        meter = ops.where(begins, ids - self.event_ids, clock[:, 0])
        bar = ops.take(ops.convert_to_tensor(self.bar_steps, dtype="int32"), meter, axis=0)
        passed = clock[:, 1] + ops.cast(ids == polyphony.END, "int32")
        return meter, ops.where(begins, ops.zeros_like(ids), passed % bar), bar

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "event_ids": self.event_ids,
            "input_ids": self.input_ids,
            "bar_steps": self.bar_steps,
            "units": self.units,
            "embedding_units": self.embedding_units,
            "frame_units": self.frame_units,
            "dropout": self.dropout,
            "attention_steps": self.attention_steps,
        }
