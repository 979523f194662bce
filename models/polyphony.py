"""The network for several voices: pitches in ascending order, frame after frame.

A frame is a row of 128 numbers, one for each pitch: 0 silent, 1 sounds on, 2 begins; see
``encodings.polyphony.frames_of``.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from magenta_bridge.encodings import polyphony
from magenta_bridge.models.recurrent import StepNetwork
from magenta_bridge.models.tensor import State, Tensor, along

PITCHES = polyphony.PITCHES
# Ways to copy: hold or strike the next pitch of the last frame, repeat the next event of one bar
# ago, or any of its remaining ones.
COPIES = 4
_NEVER = -1e4


class FrameContext(keras.layers.Layer):
    """Embed the last id with the frame before, the frame one bar ago, and the place in the bar.

    Of both frames, it separates the pitches above the last one, the only ones that can still
    come, and the lowest of those.

    Args:
        input_ids: Number of input ids.
        meters: Number of meters.
        longest_bar: Frames in the longest bar.
        embedding_units: Width of the id's embedding; that of the place in the bar has half.
        frame_units: Width to which the frames are condensed.
    """

    def __init__(
        self,
        input_ids: int,
        meters: int,
        longest_bar: int,
        embedding_units: int,
        frame_units: int,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.width = embedding_units + embedding_units // 2 + frame_units + 1
        self.event_embedding = keras.layers.Embedding(input_ids, embedding_units, name="event")
        self.place_embedding = keras.layers.Embedding(
            meters * longest_bar, embedding_units // 2, name="place"
        )
        self.condense = keras.layers.Dense(frame_units, activation="tanh", name="condense")
        self._below = np.triu(np.ones((PITCHES, PITCHES), dtype=np.float32), 1)

    def build(self, input_shape: Tensor = None) -> None:
        """Create the weights."""
        del input_shape
        self.event_embedding.build(None)
        self.place_embedding.build(None)
        self.condense.build((None, None, 6 * PITCHES))
        self.built = True

    def call(
        self, ids: Tensor, before: Tensor, ago: Tensor, place: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the features for predicting the id after each id.

        Args:
            ids: Last ids, ``(batch, steps)``.
            before: The frame before that of the next id, ``(batch, steps, 128)``.
            ago: The frame one bar before that of the next id, ``(batch, steps, 128)``.
            place: ``meter * longest_bar`` plus the place in the bar of that frame,
                ``(batch, steps)``.

        Returns:
            Features ``(batch, steps, width)``; which ids can come, ``(batch, steps, events)`` of
            0 and 1; and what the ways to copy suggest, ``(batch, steps, COPIES, events)``.
        """
        before_on, before_new = _planes(before)
        ago_on, ago_new = _planes(ago)
        last, pitched = _last_pitch(ids)
        above = 1.0 - ops.matmul(last, 1.0 - self._below)  # up to the last pitch all are closed
        open_before, open_new, open_held = (
            plane * above for plane in (before_on, ago_new, ago_on - ago_new)
        )
        first_before = self._lowest(open_before)
        first_ago = self._lowest(open_new + open_held)
        planes = [before_on, before_new, ago_on, ago_new, first_before, first_ago]
        parts = [
            self.event_embedding(ids),
            self.place_embedding(place),
            self.condense(ops.concatenate(planes, axis=-1)),
            _repeats(ids, last, pitched, ago_new, ago_on - ago_new),
        ]
        none = ops.zeros_like(above)
        end_before, end_ago = _exhausted(first_before), _exhausted(first_ago)
        copies = ops.stack(
            [
                ops.concatenate([end_before, none, first_before], axis=-1),
                ops.concatenate([0.0 * end_before, first_before, none], axis=-1),
                ops.concatenate([end_ago, first_ago * ago_new, first_ago * (1.0 - ago_new)], -1),
                ops.concatenate([0.0 * end_ago, open_new, open_held], axis=-1),
            ],
            axis=-2,
        )
        can_come = ops.concatenate([ops.ones_like(end_ago), above, open_before], axis=-1)
        return ops.concatenate(parts, axis=-1), can_come, copies

    def _lowest(self, pitches: Tensor) -> Tensor:
        """Return the lowest of each set of pitches."""
        fewer = ops.matmul(pitches, self._below)
        return pitches * ops.cast(fewer < 0.5, pitches.dtype)


def _planes(frame: Tensor) -> tuple[Tensor, Tensor]:
    """Return which pitches of a frame sound, and which begin, as 0 and 1."""
    return ops.cast(frame > 0, "float32"), ops.cast(frame > 1, "float32")


def _last_pitch(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pitch of each id, one-hot (zeros for none), and whether it has one."""
    pitched = ops.logical_and(ids >= polyphony.NEW, ids < polyphony.EVENT_IDS)
    pitch = ops.where(pitched, (ids - polyphony.NEW) % PITCHES, ops.full_like(ids, -1))
    return ops.one_hot(pitch, PITCHES, dtype="float32"), pitched


def _repeats(ids: Tensor, last: Tensor, pitched: Tensor, new: Tensor, held: Tensor) -> Tensor:
    """Return whether each id repeats one bar ago, ``(batch, steps, 1)``; 0 for no pitch."""
    begins = ops.cast(ops.logical_and(pitched, ids < polyphony.HELD), "float32")
    struck, sustained = ops.sum(last * new, axis=-1), ops.sum(last * held, axis=-1)
    return ops.expand_dims(begins * struck + (1.0 - begins) * sustained, -1)


def _exhausted(first: Tensor) -> Tensor:
    """Return 1 where nothing of a frame is left, ``(batch, steps, 1)``."""
    return 1.0 - ops.sum(first, axis=-1, keepdims=True)


class FrameNetwork(StepNetwork):
    """Predict the next id of music in several voices from all ids before it.

    Recurrent layers read the embedded last id with the frame before, the frame one bar ago, and
    the place in the bar. Suggestions copied from those frames are added to the logits with learned
    gates; ids that break the order of a frame are impossible.

    Args:
        event_ids: Number of events of ``encodings.polyphony``.
        input_ids: Number of input ids: events, a start id per meter, a padding id.
        bar_steps: Frames in a bar, for each meter.
        units: Width of each recurrent layer, bottom first.
        embedding_units: Width of the id's embedding.
        frame_units: Width to which the two frames are condensed.
        dropout: Share of features dropped between layers in training, 0..1.
        attention_steps: Number of earlier outputs to attend to; 0 for none.

    Call arguments:
        inputs: dict of ``ids (batch, steps)`` int32, ``before`` and ``ago``
            ``(batch, steps, 128)`` uint8, ``place (batch, steps)`` int32; see ``FrameContext``.

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
        frame_units: int = 96,
        dropout: float = 0.3,
        attention_steps: int = 0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self._configure(
            event_ids=event_ids, input_ids=input_ids, bar_steps=bar_steps, units=units,
            embedding_units=embedding_units, frame_units=frame_units, dropout=dropout,
            attention_steps=attention_steps,
        )  # fmt: skip
        self.longest_bar = max(self.bar_steps)
        self.context = FrameContext(
            input_ids, len(self.bar_steps), self.longest_bar, embedding_units, frame_units,
            name="context",
        )  # fmt: skip
        self._add_layers(gates=COPIES)

    def build(self, input_shape: Tensor = None) -> None:
        """Create all weights."""
        del input_shape
        self.context.build()
        self._build_layers(self.context.width)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Compute the logits of every step of a window."""
        features, can_come, copies = self.context(
            inputs["ids"], inputs["before"], inputs["ago"], inputs["place"]
        )
        return self._read_out(self.stack(features, training=training), can_come, copies)

    def _read_out(self, hidden: Tensor, can_come: Tensor, copies: Tensor) -> Tensor:
        logits = self._gated(hidden, copies)
        return ops.where(can_come > 0.5, logits, ops.full_like(logits, _NEVER))

    def initial_state(self, batch: int) -> State:
        """Return the state before the first id, all zeros.

        The list contains the frames of the last bar ``(batch, longest_bar, 128)``, latest last,
        the current frame ``(batch, 128)``, and ``clock (batch, 2)`` (meter index, place of the
        current frame in its bar), all int32, then the memory of the recurrent layers.
        """
        frames = ops.zeros((batch, self.longest_bar, PITCHES), dtype="int32")
        current = ops.zeros((batch, PITCHES), dtype="int32")
        clock = ops.zeros((batch, 2), dtype="int32")
        return [frames, current, clock, *self.stack.initial_memory(batch)]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one id and predict the next.

        Args:
            ids: ``(batch,)`` int32; a start id sets the meter and begins a bar.
            state: From ``initial_state`` or the last step.

        Returns:
            Logits ``(batch, event_ids)`` and the new state.
        """
        frames, current, clock, *memory = state
        frames, current = self._write(ids, frames, current)
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
        return logits, [frames, current, ops.stack([meter, place], axis=1), *new_memory]

    def _write(self, ids: Tensor, frames: Tensor, current: Tensor) -> tuple[Tensor, Tensor]:
        """Add an id to the current frame; an END closes it, a start id clears all frames."""
        column = ops.expand_dims(ids, 1)
        begins, closes = column >= self.event_ids, column == polyphony.END
        struck = ops.one_hot(ids - polyphony.NEW, PITCHES, dtype="int32")
        held = ops.one_hot(ids - polyphony.HELD, PITCHES, dtype="int32")
        silence = ops.zeros_like(current)
        written = current + polyphony.BEGINS * struck + polyphony.SOUNDS_ON * held
        # In an exported program, looking rows up is faster than computing them.
        rows = ops.concatenate(
            [frames, *(ops.expand_dims(row, 1) for row in (current, silence))], axis=1
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
